/** PROTOCOL.md, “Courier file”: envelopes that are carried by hand. */
import { concat, must, number, text } from './bytes.ts'
import { derive, unseal, type Suite } from './suites.ts'

const [HEAD_BYTES, FRAME_BYTES, TEXT_BYTES] = [40, 4_096, 4_080]
const [FILE_BYTES_MAX, ENVELOPE_BYTES_MAX] = [64 * 1_024 * 1_024, 60_000]

/** All envelopes of a whole file. */
export function readCourier(suite: Suite, secret: Uint8Array, file: Uint8Array): readonly Buffer[] {
  must(file.length <= FILE_BYTES_MAX, 'a file that is too long')
  const count = (file.length - HEAD_BYTES) / FRAME_BYTES
  must(Number.isInteger(count) && count > 0, 'a file of another length')
  const bound = Buffer.from(file.subarray(0, HEAD_BYTES))
  must(bound.subarray(0, 8).equals(text('hfcour01')), 'another magic')
  const key = derive(suite, concat(secret, bound.subarray(8)), 'holdfast courier 1')
  const frames = Array.from({ length: count }, (_, at) => {
    const nonce = concat(Buffer.of(at === count - 1 ? 1 : 0, 0, 0, 0), number(at, 8))
    const from = HEAD_BYTES + at * FRAME_BYTES
    const opened = unseal(suite, key, {
      nonce,
      bound,
      bytes: file.subarray(from, from + FRAME_BYTES),
    })
    must(opened?.length === TEXT_BYTES, `frame ${at} does not open`)
    return opened
  })
  return envelopesOf(concat(...frames))
}

function envelopesOf(all: Buffer): readonly Buffer[] {
  const envelopes: Buffer[] = []
  let at = 0
  for (let length = all.readUInt16BE(at); length > 0; length = all.readUInt16BE(at)) {
    must(length <= ENVELOPE_BYTES_MAX && at + 2 + length <= all.length - 2, 'an envelope too long')
    envelopes.push(all.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  must(
    all.subarray(at).every((one) => one === 0),
    'something behind the last envelope',
  )
  must(at >= all.length - TEXT_BYTES - 1, 'a frame of nothing')
  return envelopes
}
