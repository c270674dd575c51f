package picture

import (
	"encoding/binary"
	"image"
)

// Phones store a photograph as the sensor saw it and say beside it, in the
// orientation tag of EXIF (CIPA DC-008 §4.6.4), how it was held. What we write
// has no such tag, so the picture itself is turned.

// upright turns a picture as the file that it was read from says.
func upright(src *image.RGBA, file []byte) *image.RGBA {
	o := orientation(file)
	if o <= 1 || o > 8 {
		return src
	}
	right, bottom := src.Bounds().Dx()-1, src.Bounds().Dy()-1
	size := src.Bounds()
	if o >= 5 { // lying on its side
		size = image.Rect(0, 0, bottom+1, right+1)
	}
	dst := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			// Where in src the point (x, y) of the upright picture lies.
			from := [...][2]int{
				2: {right - x, y}, 3: {right - x, bottom - y}, 4: {x, bottom - y},
				5: {y, x}, 6: {y, bottom - x}, 7: {right - y, bottom - x}, 8: {right - y, x},
			}[o]
			dst.SetRGBA(x, y, src.RGBAAt(from[0], from[1]))
		}
	}
	return dst
}

// orientation finds the tag in a JPEG file; 1, upright, when there is none.
func orientation(file []byte) int {
	if len(file) < 4 || file[0] != 0xff || file[1] != 0xd8 {
		return 1
	}
	for p := 2; p+4 <= len(file) && file[p] == 0xff; {
		marker, size := file[p+1], int(binary.BigEndian.Uint16(file[p+2:]))
		end := p + 2 + size
		if marker == 0xda || size < 2 || end > len(file) { // the picture itself begins
			return 1
		}
		if body := file[p+4 : end]; marker == 0xe1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00" {
			return tiffOrientation(body[6:])
		}
		p = end
	}
	return 1
}

// tiffOrientation reads tag 0x0112 of the first directory.
func tiffOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	for i := range int(order.Uint16(tiff[at:])) {
		e := at + 2 + 12*i
		if e+12 > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[e:]) == 0x0112 {
			return int(order.Uint16(tiff[e+8:]))
		}
	}
	return 1
}
