/** Sounds that grow louder, as recorders and encoders write them. */

/** Three seconds of a tone that grows, as Chromium records a voice note: WebM with Opus, in parts of unknown length. */
export function aVoiceNote(): Uint8Array {
  return new Uint8Array(Buffer.from(VOICE.join(''), 'base64'))
}

/** The same packets in Ogg, as other browsers record them. */
export function anOgg(packets: readonly Uint8Array[], head: Uint8Array): Uint8Array {
  const tags = Buffer.from('OpusTags\0\0\0\0\0\0\0\0', 'latin1')
  return new Uint8Array(Buffer.concat([head, tags, ...packets].map(pageOf)))
}

/** The head of an Opus stream (RFC 7845 §5.1). */
export function anOpusHead(channels: number): Uint8Array {
  const head = Buffer.alloc(19)
  head.write('OpusHead')
  head[8] = 1
  head[9] = channels
  head.writeUInt32LE(48_000, 12)
  return new Uint8Array(head)
}

/** The head of a Vorbis stream, in a page that ends after so many samples. */
export function aVorbis(rate: number, samples: number): Uint8Array {
  const head = Buffer.alloc(30)
  head.write('\u{1}vorbis', 'latin1')
  head.writeUInt32LE(rate, 12)
  const page = Buffer.from(pageOf(head))
  page.writeBigInt64LE(BigInt(samples), 6)
  return new Uint8Array(page)
}

function pageOf(packet: Uint8Array): Uint8Array {
  const lengths = [...Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255]
  const head = Buffer.alloc(27)
  head.write('OggS')
  head.writeUInt32LE(7, 14)
  head[26] = lengths.length
  return new Uint8Array(Buffer.concat([head, Uint8Array.from(lengths), packet]))
}

/** Frames of MP3 (MPEG 1, layer III, 44.1 kHz, one channel), each with one line of its spectrum as loud as its gain says: 0 to 255. */
export function anMp3(gains: readonly number[]): Uint8Array {
  return new Uint8Array(Buffer.concat(gains.map(frameOf)))
}

/** How long a frame of `anMp3` is heard, in milliseconds. */
export const MP3_FRAME_MS = 1_152_000 / 44_100

function frameOf(gain: number): Uint8Array {
  const frame = Buffer.alloc(417)
  frame.set([0xff, 0xfb, 0x90, 0xc0])
  const bits: (readonly [width: number, value: number])[] = [
    [9, 0],
    [5, 0],
    [4, 0],
  ]
  // Of each granule: three bits of content, one pair of lines, its gain, and the table of that pair.
  for (let granule = 0; granule < 2; granule += 1)
    bits.push(
      [12, 3],
      [9, 1],
      [8, gain],
      [4, 0],
      [1, 0],
      [5, 1],
      [5, 1],
      [5, 1],
      [4, 0],
      [3, 0],
      [1, 0],
      [1, 0],
      [1, 0],
    )
  // Twice the first line at 1, the second at 0, and a sign.
  bits.push([3, 0b010], [3, 0b010])
  let at = 32
  for (const [width, value] of bits)
    for (let bit = width - 1; bit >= 0; bit -= 1, at += 1)
      frame[at >> 3] = (frame[at >> 3] ?? 0) | (((value >> bit) & 1) << (7 - (at & 7)))
  return frame
}

/** The head of a FLAC of so many samples. */
export function aFlac(rate: number, samples: number): Uint8Array {
  const bytes = Buffer.alloc(42)
  bytes.write('fLaC')
  bytes[7] = 34
  bytes.writeUInt32BE(rate * 4_096, 18)
  bytes.writeUInt32BE(samples, 22)
  return new Uint8Array(bytes)
}

/** An MP4 with one track, whole or in pieces of 1,000 ticks a sample. */
export function anMp4({
  handler,
  ticks,
  pieces,
}: {
  readonly handler: string
  readonly ticks: number
  readonly pieces: number
}): Uint8Array {
  const hdlr = box('hdlr', Buffer.concat([Buffer.alloc(8), Buffer.from(handler), Buffer.alloc(12)]))
  const track = box('trak', box('mdia', Buffer.concat([box('mdhd', clock(0)), hdlr])))
  const movie = box('moov', Buffer.concat([box('mvhd', clock(ticks)), track]))
  const usual = Buffer.alloc(12)
  usual.writeUInt32BE(8, 0)
  usual.writeUInt32BE(1_000, 8)
  const run = Buffer.alloc(8)
  run.writeUInt32BE(50, 4)
  const piece = box('moof', box('traf', Buffer.concat([box('tfhd', usual), box('trun', run)])))
  const type = box('ftyp', Buffer.from('M4A \0\0\0\0', 'latin1'))
  return new Uint8Array(Buffer.concat([type, movie, ...Array<Uint8Array>(pieces).fill(piece)]))
}

/** 50,000 ticks are a second. */
function clock(ticks: number): Buffer {
  const bytes = Buffer.alloc(100)
  bytes.writeUInt32BE(50_000, 12)
  bytes.writeUInt32BE(ticks, 16)
  return bytes
}

function box(kind: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + content.length, 0)
  head.write(kind, 4)
  return Buffer.concat([head, content])
}

const VOICE = [
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwH/////////FUmpZpkq17GDD0JATYCGQ2hyb21lV0GG',
  'Q2hyb21lFlSua7+uvdeBAXPFh1R4cw4JVs+DgQKGhkFfT1BVU2Oik09wdXNIZWFkAQEAAIC7AAAAAADhjbWERzuAAJ+BAWJk',
  'gSAfQ7Z1Af/////////ngQCjrIEAAIAY4HU5wHjvMjAHqqXS/4CZ/hS5Vew5xtDo3FY7mDKMtiTLFCmG1XSwo6iBADuAGOaN',
  'uvm7wxmhZBlgAbegutwXScnYu59EWS/T6UviSvKhUxa/o7GBAHmAGObJ2vm7wxmDsIkIxq8TJeXE4tP83GpggSdVeSfljnNf',
  'D5LSNbHwM0l4bOoEo7CBALSAGOcF+vm8EnYkLaxg43eEim7U2Xk74h8pWMbJzdIM3sJ2fLAeURef+L56GLyjtIEA74AY5ymW',
  '3NLwnRsRrYfxQbZ6Qac9xR8fyIiU5XDoFEdebJtx+5tD/E0lJGB32brcDoCjr4EBLYAY5/wcHoOcR/+iV4o6uzy+b4598dTn',
  'm+C0XmHSdb8/1EOQb6Ob+SOmdcKio6qBAWiAGOhONB6EdPY5IulSZ+HH/Ap+HaPep+JfJkRTOT8XF8MjY48TwsCjsoEBo4AY',
  '6E40HoR09LLfdUF0dbmj/Zdc6dH+pg/KyAQWLCaAAMAS/13v2yM1HVWN7o+so7CBAeGAGOii4Sx5zkn1zGRI6EgRRu50Ls85',
  'V3UWHWvNGQs6fpIr42WwsSba2XGBBPCjvIECHIAY6UcRLHnOSh2s8RqQD1iKGzd4kjX9Jyis/0lySY1vgFfPMT8vh6nUrtWL',
  'tWmsETBwPpH+HKPz0KO1gQJXgBjpmSksec5KHa0e/IRCEBuu2FqJoZDbuA6PO6VqwLMUQ3f/eHANLRSoAiAp0JDThECjtYEC',
  'lYAY6Z/TNMbUzbVIcwrmBsXVP6VnRNIz5LywRrt1haTYTyNGL+y3UyDOzn8ByiVr/2J/o66BAtCAGOn3PfOMMekMMKUa3Bxq',
  'cIDXJtLmmVByVGfKu8ryvwtDJFhCIBUJ7kExo6yBAwuAGOn+G+uKmu9UtYsKh7CGCdVjpCDUmf/CuZg6+DVWFbHS03imbIno',
  'cKO9gQNJgBjqY+3zi7V1mV+pdCJkVv8bdXm0suQmKaWXXM21kXdrN89cr9uyFFM4FUZboRXeUeqivxsDIxFIU6OqgQOEgBjq',
  '0J3ywTTihV069A5qmriqpe6ERJ7Oe7Yeuueb3YsWOo3z4kWAo7eBA7+AGOrjc5no/5qy+ccoHbOzBzd0gPyH2jz8sMFq3nUf',
  'TGnXycREQTes73FQTEJSJ7OsFZNsH0O2dQH/////////54ID/aO0gQAAgBjq0J3zjDHpDDCllF9yd4OyUr5IZyNlK92xaI6h',
  '7pLm1SnBjEEu0Dm2iV4reHH+qqOzgQA7gBjrZzivHm0/93dIroLiIOIeKp5M9d18oiBYRi5hrL3H4bJqtfuMfOS/rjqMk2OA',
  'o7mBAHaAGOs9TfN/9gFVf+CSJ9w4wtChAYerDbYCAwXFAOIBgWf1exGrqwitSrYFBGwsRjsvBQTjB1CjqYEAtIAY64iPwbOg',
  '+SX1Bh4kuCFDO10vLcv2Z61RGdfVwZSAJpShVULAo6qBAO+AGOs9TfONA9mOOO95dgvJfqvmPtkjaRGepK+NNfdnWoclKc9b',
  'fJyjsYEBKoAY618SEd1YdsTiAQw/vbCD/itzvrTQ5EuDys1ezHC0BtOhhlpgXWjzYyWCZ6CjrYEBZYAY66aSQnl1PmTpDqrh',
  'usJMKGTzr9q6sEcOxC9VTJvhSCZMD8HpFbPx+KOvgQGjgBjrqf3ywTTihV1Ly2rKBf1CtFDFMVIcqOXalbzU7MHq2quVfmCP',
  'J3S/BR6jrYEB3oAY66n98sE06hrLRNMEVL08kIBRmNeOTUGhjdi7yVWX6jmZWevy/yiVIKOugQIZgBjrsWc77GScrtpnx3f/',
  '/QsW/Miu7imKIOgRFIZWB7ZPxefrvnY2BrxQnaOugQJXgBjsFq3zi7V1hjAZVdDKLAUgccA8bdixvxmmw40hVUHrv+70aiNl',
  'zqP3QKOwgQKSgBjsE0JCeBv1jJ2yNEh99J3M86hTDG/3rUuGf+s5t3b1AY01HL3btr8EyUGAo7qBAs2AGOwWrfONA9mOMzkl',
  '0VGzvQjaUu9+IIPUoI61QnYRyCRGuoIKYqhu5KSEou3TNqcLbt/PWxgwo7mBAwuAGO0CttGuFfOXUDuOdkQ2pvpdQ4g2ch3l',
  'DVGZ2DMySx72iXpGRObYsKzUBbZg9+m90o4xeSCjrYEDRoAY7INd8sE04oVZjnOgI+n31xGjJ4MsIc1wdCRLTfHsIJui6Um6',
  'qwVmsKOygQOBgBjsg13zjDHpDDClI5Pw0UmE8ZkVFan7K9TKyIQA98hp+ZN8uZ0ZStAxtRiiG8CjsYEDv4AY7H/yQngb9YzL',
  'szLn780qqZqPL0xywRbKA1FRzJ4Z9zt9zZSXnmZNYd+YH4MfQ7Z1Af/////////nggf3o7CBAACAGOyDXfLBNOKFXUOnk/1x',
  'RxPMY0Opl/PnoGs2KqbG4dI0HRsVlkZ/MlcFXeCjsYEAO4AY7INd8sE06hrcNF5rh1zBojTlkkf3BqF54WwKXKB/U9pJdK8S',
  'L/6EY7TBDYyjt4EAeYAY7QLjmej/mrL5wnFQ4eptHgc/GGrzHLZFBXibfHNPdaG/fSxVGpRYF1E3WCyR2GVBTh6jt4EAtIAY',
  '7PAN84wx6QwwpSORzU+XJRdXT+SYjqBmhnxI1YreIGBSq+dHCyQHAswPDKADCYkIqHSjtYEA74AY7VphImOv92Ksb9iTdc65',
  'zAZKIWnlJ4PfiQNfz+1IDOBrjYkPXFfMrK2ncgL68ygwo8CBAS2AGOzwDfOLtXWZX6nS+3/oKc/IgbgONNgil2JsrRdqY6Cc',
  'VZMJdJykbzA2zPS9fUOsF1yXV2pp8d9RGDLQo6yBAWiAGO1Fz0BTBh6N+dicOlq6WCOy39NFB/qaG6ZsvHY6gbuEqgCUX0Ab',
  'YKOsgQGjgBjtRc9AUrlFqwWmlV70tceyjS1Sll5hOon4bDYwu95p9cCAauhkcyCjsYEB4YAY7UXPQL68ASJcO34M9snlPUiw',
  'VZiNihOKhuWZemuy/a6w62IXdWSvDj4Wp/Ojr4ECHIAY7UP9ddwpRDhANPsFhtSudXJnMz6Ae1M+anEvpDMOB1nNugspjJg3',
  'wYtgo6+BAleAGO1Fz0C/beAa6H1OKNhlFy97mrka1rYFwTNuxLTq86BCndKQJpH9DSf8wKOrgQKVgBjtRc9AUwYejfqBn9I3',
  'vRfn3YdlL9y5zHQYoMrkljj0A5mp0ruY4KOsgQLQgBjtRc9AUrlFqwTXsBmmA0jDe9sZo8jp0iDKb7x8c8kNXmXtOunE/R2j',
  'soEDC4AY7UXPQL7+NH9Jt/zm684dt9HlRyS/6ciDr6HtkatUZdQwIFGTkJcQ6XBLCnSAo7CBA0mAGO1D/XXcKUQ4QDTtck4B',
  '/xDFOGXJc7Fw0BY0xE6Vx4thV/FcBXRzxF1ACR6jrIEDhIAY7X+fQL7+JR9wMcRpe4flfpTDvTP7LGmQaUrYZsTPQvZXjyRD',
  'dxeg',
]
