/** Vectors of files on their way: pieces in each compression, wishes, and what lies on a shelf. */
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type FileId } from '#base/ids.ts'
import { encodeGiven, type Given } from '#codec/given.ts'
import { encodePiece, fileKeyOf, sealPiece } from '#codec/piece.ts'
import { encodeWishes, type Wish, type Wishes } from '#codec/wish.ts'
import { seededRandom } from '../support/random.ts'
import { relief } from '../support/wire.ts'

const TEXT = bytesFromText('Well 14 is dry, well 15 gives 20 litres an hour.\n'.repeat(40))

/** A file that is a text, and one that nothing makes smaller. */
export function fileVectors(): Readonly<Record<string, unknown>> {
  const noise = seededRandom(11).bytes(200)
  return {
    pieces: [
      pieceOf('with the dictionary', TEXT, [0, 245]),
      pieceOf('with brotli', TEXT, [245, 1_960]),
      pieceOf('with the mixing coder', TEXT, [49, 98], true),
      pieceOf('as it is', noise, [100, 200]),
    ],
    wishes: [
      wishesOf({
        number: 300,
        wishes: [
          wish('0011223344556677', true, [
            [0, 540],
            [1_080, 100_000],
          ]),
          { ...wish('8899aabbccddeeff', false, [[7, 8]]), hops: 3, through: [2, 300], pieceBytes: 600 },
        ],
      }),
      wishesOf({ number: 301, wishes: [wish('0011223344556677', true, [])] }),
    ],
    given: [
      givenOf([
        { name: '0011223344556677', spans: [[0, 540]] },
        {
          name: '8899aabbccddeeff',
          spans: [
            [7, 8],
            [600, 70_000],
          ],
        },
      ]),
    ],
  }
}

function pieceOf(
  name: string,
  whole: Uint8Array,
  [from, to]: readonly [number, number],
  isThin = false,
) {
  const id = idFromBytes<FileId>(sha256(bytesFromText('a file')).subarray(0, 16))
  const hash = hexFromBytes(sha256(whole))
  const bytes = whole.subarray(from, to)
  const piece = sealPiece(fileKeyOf(relief.organisation, { id, hash }), { from, bytes, isThin })
  const body = hexFromBytes(encodePiece(piece))
  return { name, id, hash, from, plain: hexFromBytes(bytes), bytes: body }
}

function wish(name: string, isAsked: boolean, spans: Wish['spans']): Wish {
  return { name, bytes: 100_000, isAsked, hops: 0, through: [], pieceBytes: 0, spans }
}

function givenOf(files: readonly Given[]) {
  return { files, bytes: hexFromBytes(encodeGiven(files)) }
}

function wishesOf(said: Wishes) {
  return { ...said, bytes: hexFromBytes(encodeWishes(said)) }
}
