// Verify a published log with implementations that are not ours: golang.org/x/mod/sumdb (Go's checksum database) for
// notes, tiles, inclusion and consistency, github.com/transparency-dev/formats for cosignatures and proofs.
//
//	verify FOLDER LOG_VKEY WITNESS_VKEY...
//
// To build it: go mod init interoperability && go get golang.org/x/mod@latest github.com/transparency-dev/formats@main
// && go build -o verify . (Go 1.27), in a copy of this folder; then LEDGER_TLOG_VERIFIER names it to the tests.
//
// FOLDER holds checkpoint and tile/ as c2sp.org/tlog-tiles has them, and receipts/*.tlog-proof, each beside the entry.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}

func check(ok bool, what string, about ...any) {
	if !ok {
		fmt.Fprintf(os.Stderr, what+"\n", about...)
		os.Exit(1)
	}
}

func path(t tlog.Tile) string {
	n, parts := t.N, []string{fmt.Sprintf("%03d", t.N%1000)}
	for n >= 1000 {
		n /= 1000
		parts = append([]string{fmt.Sprintf("x%03d", n%1000)}, parts...)
	}
	level := strconv.Itoa(t.L)
	if t.L == -1 {
		level = "entries"
	}
	p := "tile/" + level + "/" + strings.Join(parts, "/")
	if t.W < 256 {
		p += ".p/" + strconv.Itoa(t.W)
	}
	return p
}

type reader struct{ folder string }

func (reader) Height() int { return 8 }
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(r.folder, path(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}
func (reader) SaveTiles([]tlog.Tile, [][]byte) {}

func tree(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	return tlog.Tree{N: must(strconv.ParseInt(lines[1], 10, 64)), Hash: must(tlog.ParseHash(lines[2]))}
}

func main() {
	folder, keys := os.Args[1], os.Args[2:]
	verifiers := []note.Verifier{must(note.NewVerifier(keys[0]))}
	for _, key := range keys[1:] {
		verifiers = append(verifiers, must(fnote.NewVerifierForCosignatureV1(key)))
	}
	opened := must(note.Open(must(os.ReadFile(filepath.Join(folder, "checkpoint"))), note.VerifierList(verifiers...)))
	check(len(opened.Sigs) == len(keys), "%d of %d signatures verified", len(opened.Sigs), len(keys))
	head := tree(opened.Text)
	hashes := tlog.TileHashReader(head, reader{folder})

	// Every entry is the record of its leaf, by the proof that the tiles give.
	entries := int64(0)
	for n := int64(0); n*256 < head.N; n++ {
		width := min(256, head.N-n*256)
		data := must(os.ReadFile(filepath.Join(folder, path(tlog.Tile{H: 8, L: -1, N: n, W: int(width)}))))
		for i := int64(0); i < width; i++ {
			length := int(binary.BigEndian.Uint16(data))
			record := data[2 : 2+length]
			data = data[2+length:]
			index := n*256 + i
			p := must(tlog.ProveRecord(head.N, index, hashes))
			err := tlog.CheckRecord(p, head.N, head.Hash, index, tlog.RecordHash(record))
			check(err == nil, "entry %d: %v", index, err)
			entries++
		}
		check(len(data) == 0, "bundle %d is too long", n)
	}

	// The tree begins with each smaller one.
	trees := 0
	for n := int64(1); n < head.N; n += 1 + n/7 {
		root := must(tlog.TreeHash(n, hashes))
		p := must(tlog.ProveTree(head.N, n, hashes))
		check(tlog.CheckTree(p, head.N, head.Hash, n, root) == nil, "the tree of %d", n)
		trees++
	}

	receipts := must(filepath.Glob(filepath.Join(folder, "receipts", "*.tlog-proof")))
	for _, name := range receipts {
		var r proof.TLogProof
		err := r.Unmarshal(must(os.ReadFile(name)))
		check(err == nil, "%s: %v", name, err)
		signed := must(note.Open(r.Checkpoint, note.VerifierList(verifiers...)))
		of := tree(signed.Text)
		var path tlog.RecordProof
		for _, h := range r.Hashes {
			path = append(path, tlog.Hash(h))
		}
		entry := must(os.ReadFile(strings.TrimSuffix(name, ".tlog-proof")))
		leaf := tlog.Hash(sha256.Sum256(append([]byte{0}, entry...)))
		err = tlog.CheckRecord(path, of.N, of.Hash, int64(r.Index), leaf)
		check(err == nil, "%s: %v", name, err)
	}
	fmt.Printf("%d signatures, %d entries, %d smaller trees, %d receipts\n", len(opened.Sigs), entries, trees, len(receipts))
}
