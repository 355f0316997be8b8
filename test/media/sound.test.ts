/** Sounds as recorders, phones and encoders write them: how long they are, and how loud where that can be read. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { kindOf } from '#media/kind.ts'
import { levelsBy } from '#media/loudness.ts'
import { openPreviewer } from '#media/previewer.ts'
import { soundLook } from '#media/sound.ts'
import { webmSound } from '#media/webm.ts'
import type { Preview } from '#model/preview.ts'
import { startBareProcesses } from '../support/bare-processes.ts'
import { collectingLog } from '../support/log.ts'
import {
  aFlac,
  anMp3,
  anMp4,
  anOgg,
  anOpusHead,
  aVoiceNote,
  aVorbis,
  MP3_FRAME_MS,
} from '../support/sounds.ts'

startBareProcesses()

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function levelsOf(bytes: Uint8Array): Promise<Preview & { readonly kind: 'sound' }> {
  const preview = must(await soundLook(bytes), 'it is a sound')
  if (preview.kind !== 'sound') throw new Error(preview.kind)
  return preview
}

function grows(t: Test, levels: Uint8Array): void {
  const part = Math.floor(levels.length / 3)
  const mean = (from: number) => levels.slice(from, from + part).reduce((a, b) => a + b, 0) / part
  const [first, second, third] = [mean(0), mean(part), mean(2 * part)]
  t.ok(first < 0.7 * second && second < third, `${first} ${second} ${third}`)
}

test('a voice note of a browser shows how loud it is, in WebM and in Ogg', async (t) => {
  const note = aVoiceNote()
  const webm = await levelsOf(note)
  t.equal(kindOf(note), 'sound')
  t.ok(Math.abs(webm.milliseconds - 3_000) < 100, String(webm.milliseconds))
  grows(t, webm.levels)

  const { packets, channels } = must(webmSound(note), 'it has packets')
  const ogg = anOgg(
    packets.map(({ bytes }) => bytes),
    anOpusHead(channels),
  )
  t.equal(kindOf(ogg), 'sound')
  const same = await levelsOf(ogg)
  t.ok(Math.abs(same.milliseconds - 3_000) < 100, String(same.milliseconds))
  grows(t, same.levels)
})

test('an MP3 shows it, too, behind a tag and with rubbish in it', async (t) => {
  const gains = Array.from({ length: 300 }, (_, at) => 150 + Math.floor(at / 6))
  const tag = Buffer.from('ID3\u{4}\0\0\0\0\u{1}\0', 'latin1')
  const frames = Buffer.from(anMp3(gains))
  const rubbish = Buffer.alloc(333, 0xff)
  for (const bytes of [
    frames,
    Buffer.concat([tag, Buffer.alloc(128), frames.subarray(0, 417 * 9), rubbish, frames.subarray(417 * 9)]), // prettier-ignore
  ]) {
    t.equal(kindOf(bytes), 'sound')
    const { milliseconds, levels } = await levelsOf(new Uint8Array(bytes))
    t.ok(Math.abs(milliseconds - 300 * MP3_FRAME_MS) < 60, String(milliseconds))
    t.equal(levels.length, 128)
    grows(t, levels)
  }
})

test('of FLAC, Vorbis and MP4 it is told how long they are', async (t) => {
  const sounds: readonly (readonly [Uint8Array, number])[] = [
    [aFlac(16_000, 176_000), 11_000],
    [aVorbis(44_100, 88_200), 2_000],
    [anMp4({ handler: 'soun', ticks: 150_000, pieces: 0 }), 3_000],
    [anMp4({ handler: 'soun', ticks: 0, pieces: 4 }), 4_000],
  ]
  for (const [bytes, milliseconds] of sounds) {
    t.equal(kindOf(bytes), 'sound')
    t.strictSame(await levelsOf(bytes), {
      kind: 'sound',
      milliseconds,
      levels: new Uint8Array(0),
    })
  }
  t.equal(await soundLook(anMp4({ handler: 'vide', ticks: 150_000, pieces: 0 })), undefined, 'a film') // prettier-ignore
})

test('hours of it cost no more than minutes', (t) => {
  const packets = Array.from({ length: 500_000 }, (_, at) => {
    return { atMs: at * 60, ms: 60, bytes: new Uint8Array(1) }
  })
  let decoded = 0
  const decode = (some: readonly Uint8Array[]) => {
    decoded += some.length
    return [Float32Array.of(0.5, Number.NaN)]
  }

  const preview = levelsBy(decode, { milliseconds: 30_000_000, packets })

  t.equal(decoded, 128 * 100)
  t.match(preview, { milliseconds: 30_000_000, levels: new Uint8Array(128).fill(255) })
  t.end()
})

test('what is cut off, turned over or made to do harm ends, and nothing is thrown by it', async (t) => {
  const good = [
    aVoiceNote(),
    anMp3([180, 190, 200]),
    aFlac(16_000, 99),
    anMp4({ handler: 'soun', ticks: 0, pieces: 2 }),
    aVorbis(8_000, 9),
    anOgg([Uint8Array.of(0xff, 0xff, 1), new Uint8Array(900)], anOpusHead(2)),
  ]
  t.capture(console, 'error') // a decoder complains there
  let looks = 0
  for (const bytes of good)
    for (let step = 0; step < 40; step += 1) {
      const broken = Uint8Array.from(bytes.subarray(0, bytes.length - step * 3))
      const at = 8 + ((step * 7_919) % Math.max(1, broken.length - 8))
      broken[at] = (broken[at] ?? 0) ^ (1 + ((step * 37) % 255))
      const preview = await soundLook(broken)
      if (preview !== undefined) t.ok(preview.kind === 'sound' && preview.milliseconds >= 0)
      looks += 1
    }
  t.equal(looks, 240)
  const empty = Buffer.from('\u{1a}\u{45}\u{df}\u{a3}', 'latin1')
  for (const bytes of [
    empty,
    Buffer.concat([empty, Buffer.alloc(100_000)]),
    Buffer.alloc(100_000, 0xff),
  ])
    // prettier-ignore
    t.equal(await soundLook(new Uint8Array(bytes)), undefined)
  const many = Buffer.concat(Array<Uint8Array>(200_000).fill(Uint8Array.of(0xa3, 0x81, 0x00)))
  t.equal(await soundLook(new Uint8Array(Buffer.concat([empty, many]))), undefined)
})

test('a voice note is looked at in a process of its own, which can end', async (t) => {
  const previewer = openPreviewer({ log: collectingLog() })
  for (const bytes of [aVoiceNote(), anMp3([180, 190, 200, 210])]) {
    const look = await previewer.look({
      bytes: bytes.length,
      read: async (span) => once(bytes.subarray(span?.from ?? 0, span?.to ?? bytes.length)),
    })
    t.match(look?.preview, { kind: 'sound', milliseconds: Number })
    t.ok(look?.preview.kind === 'sound' && look.preview.levels.length > 0)
  }
})
