// Zoom of one picture, or of two together: by wheel, drag, pinch, buttons and keys.
"use strict";

(() => {
  const viewers = [...document.querySelectorAll(".viewer")].map((figure) => ({
    figure,
    stage: figure.querySelector(".stage"),
    images: [...figure.querySelectorAll(".stage img")],
    ratio: Number(figure.dataset.ratio),
  }));
  if (!viewers.length) return;

  // What is seen, in widths of the first picture: its middle, the scale, and a turn of the second.
  const view = { x: 0.5, y: 0.5 / viewers[0].ratio, scale: 1 };
  const pair = document.getElementById("pair");
  const numbers = pair && pair.dataset.matrix ? pair.dataset.matrix.split(" ").map(Number) : null;

  // How a picture of a ratio lies whole in a square stage of side 1: its width and its corner.
  const lies = (ratio) => ratio >= 1
    ? { width: 1, left: 0, top: (1 - 1 / ratio) / 2 }
    : { width: ratio, left: (1 - ratio) / 2, top: 0 };

  const draw = () => {
    viewers.forEach((viewer, at) => {
      const side = viewer.stage.clientWidth;
      const own = lies(viewer.ratio);
      const first = lies(viewers[0].ratio);
      // From widths of this picture to widths of the first.
      const [a, b, c, d, e, f] = at === 0 ? [1, 0, 0, 0, 1, 0]
        : numbers || [1, 0, 0, 0, 1, 0.5 / viewers[0].ratio - 0.5 / viewer.ratio];
      const grow = first.width * view.scale * side;
      const shift = (u, v) => [side / 2 + (u - view.x) * grow, side / 2 + (v - view.y) * grow];
      // From pixels of the stage, where the picture lies whole, to where it is drawn.
      const unit = 1 / (own.width * side);
      const [x, y] = [-own.left / own.width, -own.top / own.width];
      const [tx, ty] = shift(a * x + b * y + c, d * x + e * y + f);
      const m = [a, d, b, e].map((value) => value * unit * grow);
      for (const image of viewer.images) {
        image.style.transform = `matrix(${m[0]}, ${m[1]}, ${m[2]}, ${m[3]}, ${tx}, ${ty})`;
      }
      viewer.figure.dataset.scale = view.scale.toFixed(3);
    });
  };

  const bound = () => {
    view.scale = Math.min(40, Math.max(1, view.scale));
    view.x = Math.min(1, Math.max(0, view.x));
    view.y = Math.min(1 / viewers[0].ratio, Math.max(0, view.y));
    if (view.scale === 1) { view.x = 0.5; view.y = 0.5 / viewers[0].ratio; }
  };
  const zoom = (factor) => { view.scale *= factor; bound(); draw(); };
  const move = (right, down) => {
    const step = 1 / (lies(viewers[0].ratio).width * view.scale);
    view.x += right * step;
    view.y += down * step;
    bound();
    draw();
  };
  const whole = () => { view.scale = 1; bound(); draw(); };

  const keys = {
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: whole,
    ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0),
    ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
  };

  for (const { figure, stage } of viewers) {
    const touching = new Map();
    figure.querySelector(".zoom-buttons").hidden = false;
    figure.addEventListener("click", (event) => {
      const wanted = event.target.dataset && event.target.dataset.zoom;
      if (wanted === "in") zoom(1.5);
      else if (wanted === "out") zoom(1 / 1.5);
      else if (wanted === "all") whole();
    });
    stage.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      touching.set(event.pointerId, [event.clientX, event.clientY]);
    });
    stage.addEventListener("pointermove", (event) => {
      const before = touching.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      if (touching.size === 2) {
        const other = [...touching].find(([id]) => id !== event.pointerId)[1];
        const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
        if (apart(before) > 0) zoom(apart(now) / apart(before));
      } else {
        move((before[0] - now[0]) / stage.clientWidth, (before[1] - now[1]) / stage.clientWidth);
      }
      touching.set(event.pointerId, now);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => touching.delete(event.pointerId));
    }
  }
  addEventListener("resize", draw);
  draw();
})();
