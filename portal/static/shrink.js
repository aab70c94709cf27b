/* Pictures made fit to be sent. An original of up to 4 MB goes as it is; a larger one is drawn
   anew with at most 1600 pixels a side, and what the camera wrote of time and place (its EXIF
   segment) is copied over: what a picture says of itself never comes from anywhere else. */
(function () {
  "use strict";

  var LARGEST = 4e6;
  var SIDE = 1600;
  var QUALITY = 0.82;
  var KINDS = ["image/jpeg", "image/png", "image/webp"];
  var HEAD = 262144;
  /* Browsers that know this word turn a picture upright while they draw it. */
  var UPRIGHT = !!(window.CSS && CSS.supports && CSS.supports("image-orientation", "from-image"));

  function bytes(blob) {
    return new Promise(function (done, failed) {
      var reader = new FileReader();
      reader.onload = function () { done(reader.result); };
      reader.onerror = function () { failed(reader.error); };
      reader.readAsArrayBuffer(blob);
    });
  }

  /** A promise of the picture as it is to be sent. It no longer hangs on the file it came from. */
  function shrink(file) {
    if (KINDS.indexOf(file.type) >= 0 && file.size <= LARGEST) return copied(file);
    return draw(file).then(function (drawn) {
      return camera(file).then(function (said) {
        if (!said) return drawn;
        return new Blob([drawn.slice(0, 2), said, drawn.slice(2)], { type: "image/jpeg" });
      });
    }).catch(function () { return copied(file); });
  }

  /* A file of the camera may be gone by the time it is sent. */
  function copied(file) {
    return bytes(file).then(function (data) { return new Blob([data], { type: file.type }); });
  }

  function draw(file) {
    return new Promise(function (done, failed) {
      var image = new Image();
      var url = URL.createObjectURL(file);
      image.onerror = function () { URL.revokeObjectURL(url); failed(new Error("not a picture")); };
      image.onload = function () {
        var scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
        var canvas = document.createElement("canvas");
        canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
        canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
        var pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        URL.revokeObjectURL(url);
        canvas.toBlob(function (blob) {
          if (blob) done(blob); else failed(new Error("not drawn"));
        }, "image/jpeg", QUALITY);
      };
      image.src = url;
    });
  }

  /** A promise of the EXIF segment of a JPEG, or of null. */
  function camera(file) {
    return bytes(file.slice(0, HEAD)).then(function (data) {
      var view = new DataView(data);
      if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
      var at = 2;
      while (at + 10 < view.byteLength && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda) {
        var end = at + 2 + view.getUint16(at + 2);
        var isExif = view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966;
        if (isExif && end <= view.byteLength) return standing(data.slice(at, end));
        at = end;
      }
      return null;
    });
  }

  /* What was drawn upright must not be turned once more: its orientation (tag 0x0112) becomes 1. */
  function standing(segment) {
    var view = new DataView(segment);
    var base = 10;
    if (!UPRIGHT || view.byteLength < base + 10) return segment;
    var little = view.getUint16(base) === 0x4949;
    var start = base + view.getUint32(base + 4, little);
    if (start + 2 > view.byteLength) return segment;
    var count = view.getUint16(start, little);
    for (var i = 0, at = start + 2; i < count && at + 12 <= view.byteLength; i += 1, at += 12) {
      if (view.getUint16(at, little) === 0x0112) view.setUint16(at + 8, 1, little);
    }
    return segment;
  }

  window.shrink = shrink;
})();
