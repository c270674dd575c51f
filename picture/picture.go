// Package picture writes pictures anew, so that nothing of a file but its pixels
// is kept: neither where it was taken nor anything hidden in it.
package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/gif" // read, like PNG, JPEG and WebP; of several pictures the first
	"image/jpeg"
	"image/png"
	"sync/atomic"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	// maxPixels and maxSide bound what a small file can unfold to: 20 megapixels
	// take 80 MB while they are read, three times as much from a progressive JPEG.
	maxPixels = 20_000_000
	maxSide   = 16_384
	// quality is that of JPEG: what one sees is kept.
	quality = 85
	// mostWaiting is how many may wait for their turn with their bytes in memory.
	mostWaiting = 8
)

// Why a file is no picture for us.
var (
	ErrUnreadable    = errors.New("this is no picture that can be read")
	ErrTooSmall      = errors.New("the picture is too small")
	ErrTooManyPixels = errors.New("the picture has too many pixels")
	// ErrBusy says that many pictures are being read already.
	ErrBusy = errors.New("too many pictures are being read")
)

// reading lets one picture be unfolded at a time: each may take maxPixels.
var (
	reading = make(chan struct{}, 1)
	waiting atomic.Int32
)

// read unfolds a picture whose sides have at least so many pixels, and hands it
// to fn while no other is unfolded.
func read(ctx context.Context, data []byte, least int, fn func(src image.Image, format string) error) error {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		return ErrUnreadable
	case config.Width < least || config.Height < least:
		return ErrTooSmall
	case config.Width > maxSide || config.Height > maxSide || config.Width*config.Height > maxPixels:
		return ErrTooManyPixels
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > mostWaiting {
		return ErrBusy
	}
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	src, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return ErrUnreadable
	}
	return fn(src, format)
}

// Square cuts the middle square out of a picture and gives it as PNG with sides
// of so many pixels. The picture's own have at least least.
func Square(ctx context.Context, data []byte, side, least int) ([]byte, error) {
	var out bytes.Buffer
	err := read(ctx, data, least, func(src image.Image, _ string) error {
		b := src.Bounds()
		cut := min(b.Dx(), b.Dy())
		x, y := b.Min.X+(b.Dx()-cut)/2, b.Min.Y+(b.Dy()-cut)/2
		dst := scale(src, image.Rect(x, y, x+cut, y+cut), side, side)
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, upright(dst, data))
	})
	return out.Bytes(), err
}

// Fit gives a whole picture with its longer side at most so many pixels, and its
// type: photographs as JPEG, everything else as PNG.
func Fit(ctx context.Context, data []byte, most int) (clean []byte, kind string, err error) {
	var out bytes.Buffer
	err = read(ctx, data, 1, func(src image.Image, format string) error {
		b := src.Bounds()
		w, h := b.Dx(), b.Dy()
		if longer := max(w, h); longer > most {
			w, h = max(1, w*most/longer), max(1, h*most/longer)
		}
		turned := upright(scale(src, b, w, h), data)
		if format == "jpeg" || format == "webp" && turned.Opaque() {
			kind = "image/jpeg"
			return jpeg.Encode(&out, turned, &jpeg.Options{Quality: quality})
		}
		kind = "image/png"
		return png.Encode(&out, turned)
	})
	return out.Bytes(), kind, err
}

// scale gives a part of a picture in another size. It halves until the rest is
// less than a half, each time with the mean of the points: a finer kernel at once
// would need many times the picture's memory.
func scale(src image.Image, part image.Rectangle, w, h int) *image.RGBA {
	for {
		nw, nh := max(w, (part.Dx()+1)/2), max(h, (part.Dy()+1)/2)
		last := nw == w && nh == h
		dst := image.NewRGBA(image.Rect(0, 0, nw, nh))
		draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, part, draw.Src, nil)
		if last {
			return dst
		}
		src, part = dst, dst.Bounds()
	}
}
