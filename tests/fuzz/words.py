"""Words of each format, which a changed file has where they should not stand."""

CELLS = (
    b",", b"\n", b"\r\n", b"\r", b'"', b'""', b";", b"\t", b"|", b"\0", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\xe9", b"nan", b"inf", b"-1", b"1e400", b"image_name", b"target", b"patient_id",
    b"fold", b"../../x", b"/etc/x", b"ISIC_0000001", b"image_name_1", b"image", b"\xf0\x9f\xa6\xa2",
    b"9" * 400, b"0.5", b"1", b" ", b"\x1b[31m", b"=1+1", b"row", b"lesion_id", b"width", b"height",
)  # fmt: skip
TOML_WORDS = (
    b"=", b"[", b"]", b"[[", b'"""', b"'", b"{", b"}", b"inf", b"nan", b"0x7f", b"1979-05-27",
    b"true", b"[" * 3000, b"{a=" * 3000, b"9" * 5000, b"a.b.c", b"\\u0000", b"../x", b"-1",
    b"1e309", b"name", b"size_px", b"url", b"http://", b"file:///", b"\xff",
)  # fmt: skip
JSON_WORDS = (
    b"{", b"}", b"[", b"]", b"null", b"NaN", b"-1", b"1e999", b'""', b"true", b"[" * 100_000,
    b"9" * 5000, b"\\ud800", b"\0", b"\xff", b",", b":", b'"format"',
)  # fmt: skip


JPEG_WORDS = (
    *(bytes([0xFF, marker]) for marker in (*range(0xC0, 0x100, 3), 0xD8, 0xD9, 0xDA)),
    b"Exif\0\0", b"Adobe\0", b"JFIF\0", b"\xff\xff\xff\xff", b"\0\0",
)  # fmt: skip
PNG_WORDS = (b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS", b"zTXt", b"acTL")
OTHER_WORDS = (b"BM", b"II*\0", b"MM\0*", b"\xff" * 4)
MANIFEST_WORDS = (b"%", b"%25", b"%0A", b"%0d", b"\n", b"\r", b" ", b"*", b"\xe2\x80\xa8")
HEADER_WORDS = (b"bytes ", b"*", b"/", b"-", b":", b"[", b"]", b"@", b"http:", b"99999")
MODEL_WORDS = (b"cygnet", b"\xff" * 8, b"image", b"Cast")
DICOM_WORDS = (
    b"DICM", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"\xff\xff\xff\xff", b"OB", b"OW", b"SQ",
    b"UN", b"US", b"UL", b"AT", b"IS", b"DS", b"\x28\x00\x10\x00", b"\x28\x00\x11\x00",
    b"\xe0\x7f\x10\x00", b"RGB", b"MONOCHROME1", b"PALETTE COLOR", b"YBR_FULL_422",
    b"\x28\x00\x02\x00",
    b"\x28\x00\x08\x00", b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.1.99",
)  # fmt: skip


ZIP_WORDS = (
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x01\x00\x10\x00",
    b"../", b"/", b"\\", b"..", b"train/", b"TRAIN/", b"ISIC_0000001.jpg", b"ISIC_0000002.jpg",
    b"\0", b"C:", b"\xff\xff\xff\xff", b"\xff\xff", b"../../../tmp/evil", b"/tmp/evil",
    b"readme.txt",
)  # fmt: skip
