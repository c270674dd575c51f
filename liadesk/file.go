package liadesk

// MaxFile is the most bytes that a file in a conversation may have.
const MaxFile = 5 << 20

// MaxFiles is the most files that one conversation may hold.
const MaxFiles = 50

// FileRef is a file that belongs to a message.
type FileRef struct {
	// Address is where it is found, as hard to guess as a password: who reads the
	// message may read the file.
	Address string `cbor:"1,keyasint"`
	Name    string `cbor:"2,keyasint"`
	Type    string `cbor:"3,keyasint"` // as it was checked, not as it was called
	Size    int    `cbor:"4,keyasint"`
}

// Picture tells whether it can be shown as a picture.
func (f FileRef) Picture() bool { return f.Type == "image/jpeg" || f.Type == "image/png" }
