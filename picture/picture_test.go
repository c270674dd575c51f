package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// photo is a JPEG file whose left half is red, with EXIF that says how it was
// held, and a secret.
func photo(t testing.TB, w, h int, orientation byte) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{0, 0, 255, 255}
			if x < w/2 {
				c = color.NRGBA{255, 0, 0, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	exif = append(exif, "SECRET 48.2082 N 16.3738 E"...)
	tag := append([]byte{0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(append([]byte{0xff, 0xd8}, tag...), exif...), b.Bytes()[2:]...)
}

func TestNothingButThePixelsIsKeptAndTheyStandUpright(t *testing.T) {
	for _, c := range []struct {
		orientation byte
		size        image.Point
		red         image.Point // a point that is red
	}{
		{1, image.Pt(100, 50), image.Pt(10, 25)},
		{2, image.Pt(100, 50), image.Pt(90, 25)},
		{3, image.Pt(100, 50), image.Pt(90, 25)},
		{4, image.Pt(100, 50), image.Pt(10, 25)},
		{5, image.Pt(50, 100), image.Pt(25, 10)},
		{6, image.Pt(50, 100), image.Pt(25, 10)},
		{7, image.Pt(50, 100), image.Pt(25, 90)},
		{8, image.Pt(50, 100), image.Pt(25, 90)},
	} {
		data, kind, err := Fit(t.Context(), photo(t, 400, 200, c.orientation), 100)
		if err != nil || kind != "image/jpeg" || bytes.Contains(data, []byte("SECRET")) || bytes.Contains(data, []byte("Exif")) {
			t.Fatalf("%d: %s, %v", c.orientation, kind, err)
		}
		m, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil || m.Bounds().Size() != c.size {
			t.Fatalf("%d: %v, %v", c.orientation, m.Bounds(), err)
		}
		if r, _, b, _ := m.At(c.red.X, c.red.Y).RGBA(); r < b {
			t.Errorf("%d: not upright", c.orientation)
		}
	}
}

func TestAPictureIsNotMadeLarger(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	data, kind, err := Fit(t.Context(), b.Bytes(), 2000)
	if err != nil || kind != "image/png" {
		t.Fatal(kind, err)
	}
	if m, err := png.Decode(bytes.NewReader(data)); err != nil || m.Bounds() != image.Rect(0, 0, 30, 20) {
		t.Error(m.Bounds(), err)
	}
}

// A page that pretends to be a picture, behind a picture's first bytes.
func TestWhatHidesBehindAPictureIsGone(t *testing.T) {
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White}), nil); err != nil {
		t.Fatal(err)
	}
	b.WriteString("<script>alert(1)</script>")
	data, kind, err := Fit(t.Context(), b.Bytes(), 100)
	if err != nil || kind != "image/png" || bytes.Contains(data, []byte("script")) {
		t.Errorf("%s %v", kind, err)
	}
}

// A few kilobytes that would unfold to gigabytes.
func TestAPictureThatIsTooLongIsRefusedBeforeItIsRead(t *testing.T) {
	for _, size := range []image.Rectangle{image.Rect(0, 0, 1, 20_000), image.Rect(0, 0, 20_000, 1), image.Rect(0, 0, 5000, 5000)} {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewPaletted(size, color.Palette{color.Black})); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Fit(t.Context(), b.Bytes(), 100); err != ErrTooManyPixels {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestALongPictureIsMadeSmallEvenly(t *testing.T) {
	for _, size := range []image.Rectangle{image.Rect(0, 0, 3, 16_000), image.Rect(0, 0, 2100, 4001), image.Rect(0, 0, 101, 99)} {
		m := image.NewRGBA(size)
		for i := range m.Pix {
			m.Pix[i] = 255
			if i%8 < 3 {
				m.Pix[i] = 0 // every other point is black
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		data, _, err := Fit(t.Context(), b.Bytes(), 100)
		if err != nil {
			t.Fatal(err)
		}
		out, err := png.Decode(bytes.NewReader(data))
		if err != nil || max(out.Bounds().Dx(), out.Bounds().Dy()) != 100 {
			t.Fatalf("%v became %v, %v", size, out.Bounds(), err)
		}
		if r, _, _, _ := out.At(out.Bounds().Dx()/2, out.Bounds().Dy()/2).RGBA(); size.Dx() > 2000 && (r < 0x5000 || r > 0xb000) {
			t.Errorf("%v: black and white became %x", size, r)
		}
	}
}

func FuzzAStrangersPictureNeverPanics(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x12Exif\x00\x00II*\x00\xff\xff\xff\xff12"))
	f.Add(photo(f, 20, 10, 6))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 0 {
			t.Errorf("orientation %d", o)
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && config.Width*config.Height < 1<<16 {
			if _, _, err := Fit(t.Context(), file, 64); err != nil && err != ErrUnreadable && err != ErrTooSmall && err != ErrBusy {
				t.Error(err)
			}
		}
	})
}
