# What R's pROC says of the scores in scores.csv: AUROC, DeLong's covariance, paired p-values.
#
# Regenerate, with R and the packages pROC and jsonlite (Debian: r-base-core, r-cran-proc,
# r-cran-jsonlite), in the folder of this script:
#
#     Rscript expectations.R
#
# scores.csv is drawn here too, from a seed, and written with 17 digits, so that the tests and pROC
# read the same numbers. Four models score the same images: one whole, one rounded to two decimals
# and one to one, so that many are tied within and across the classes, and one that knows nothing,
# so that some p-values are small. "few" takes the first 40 images only, of which 6 are malignant.

suppressPackageStartupMessages(library(pROC))
library(jsonlite)

set.seed(20201123, kind = "Mersenne-Twister", normal.kind = "Inversion")
n_images <- 600
target <- as.integer(runif(n_images) < 0.15)
shared <- rnorm(n_images)
drawn <- data.frame(
  target = target,
  whole = plogis(shared + rnorm(n_images) + 1.4 * target - 2),
  two_decimals = round(plogis(shared + rnorm(n_images) + 1.2 * target - 2), 2),
  one_decimal = round(plogis(shared + rnorm(n_images) + 1.0 * target - 1), 1),
  chance = runif(n_images)
)
models <- setdiff(names(drawn), "target")
written <- drawn
written[models] <- lapply(drawn[models], function(score) sprintf("%.17g", score))
write.csv(written, "scores.csv", row.names = FALSE, quote = FALSE)
images <- read.csv("scores.csv")
stopifnot(identical(images$whole, drawn$whole))

expected_of <- function(images) {
  curves <- lapply(models, function(model) {
    roc(images$target, images[[model]], levels = c(0, 1), direction = "<", quiet = TRUE)
  })
  pairs <- combn(length(models), 2, simplify = FALSE)
  list(
    n_images = nrow(images),
    n_positive = sum(images$target),
    auroc = setNames(lapply(curves, function(curve) as.numeric(auc(curve))), models),
    variance = setNames(
      lapply(curves, function(curve) var(curve, method = "delong")), models
    ),
    interval = setNames(
      lapply(curves, function(curve) as.numeric(ci.auc(curve, method = "delong"))[c(1, 3)]), models
    ),
    pairs = lapply(pairs, function(pair) {
      test <- roc.test(
        curves[[pair[1]]], curves[[pair[2]]], paired = TRUE, method = "delong"
      )
      list(
        a = models[pair[1]],
        b = models[pair[2]],
        covariance = cov(curves[[pair[1]]], curves[[pair[2]]], method = "delong"),
        z = unname(test$statistic),
        p_value = test$p.value
      )
    })
  )
}

write_json(
  list(
    made_by = list(
      r = R.version.string, pROC = as.character(packageVersion("pROC")), script = "expectations.R"
    ),
    all = expected_of(images),
    few = expected_of(images[1:40, ])
  ),
  "expectations.json",
  auto_unbox = TRUE, digits = NA, pretty = TRUE
)
