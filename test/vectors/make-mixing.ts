/** Bodies of every shape and script in the mixing coder, alone: what an envelope of a few words does not reach. */
import { must } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { DICTIONARY_TEXT } from '#codec/dictionary-text.ts'
import { learnedText, sampleBodies } from '#codec/mixing-text.ts'
import { openGuesser } from '#codec/mixing-guess.ts'
import { openMixing } from '#codec/mixing.ts'
import { seededRandom } from '../support/random.ts'
import type { Vectors } from './make.ts'

const END = Uint8Array.of(0)

/** A post, as an entry begins, with this text. */
function post(content: Uint8Array | string): Uint8Array {
  return concatBytes(Uint8Array.of(1, 9, 0, 4, 0x94, 0, 0, 0x36), text(content))
}

/** A text by itself. */
function text(content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? bytesFromText(content) : content
  return concatBytes(Uint8Array.of(0xd9), bytes, END)
}

/** What no model foresees: whatever went wrong before it shows in its code. */
const STRANGE = 'Qx7 jVz kW2 pGq'
/** A letter that is dropped, behind something that comes again. */
const BROKEN = [...bytesFromText('station '), 0xc3]
const REPEATED = 'Water at the school, water at the church, water at the school again. '

const BODIES: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  'a short text alone': bytesFromText('Ok, on our way'),
  'a zero behind a zero': Uint8Array.of(7, 0, 0),
  'two texts and no zero at the end': concatBytes(
    post('The road to the clinic is open.'),
    bytesFromText('Good'),
  ),
  'letters of two bytes': post('Вода піднялась ще на 20 см. Де лікар? وصلت الشاحنة إلى المخيم صباح اليوم'),
  'letters of three bytes, without spaces': post(
    'ផ្លូវទៅភូមិត្រូវបានបិទ យើងត្រូវការទឹកស្អាត និងថ្នាំពេទ្យ។ 道路被封，请派救护车。 እቲ መንገዲ ተዓጽዩ እዩ።',
  ),
  'letters of four bytes among others': post('ok 👍🏽 é ß 水 🚑🚑🚑 done ÷ 100 %'),
  'letters that are none': post(
    Uint8Array.of(0x61, 0x80, 0xbf, 0xe2, 0x82, 0x62, 0xe2, 0xc3, 0xa9, 0xc3, 0xff, 0x81, 0x82, 0x83, 0x20, 0xf0, 0x9f),
  ),
  'a passage again and again': post(REPEATED.repeat(5)),
  'items of all lengths': bytesFromHex(
    '01090204010501020304' + // one run, and a stranger
      '9a03ccc8cd0102ce01020304cf0102030405060708' +
      'c1000102030405060708c101010203c104810285' +
      '01c0d92b310001',
  ),
  chance: seededRandom(5).bytes(300),
  'more texts than count, of six bytes and less': concatBytes(
    post(''),
    ...['xy', 'xyz', 'xyzu', 'x', 'xyz', 'xyzuv', 'xyzuvw'].map((rest) => text(`a${rest}`)),
    bytesFromText(STRANGE),
  ),
  'a zero that is the sixth byte of all': concatBytes(
    Uint8Array.of(1, 2, 3, 4, 5, 0),
    text('ok.'),
    text('They are here.'),
    bytesFromText(STRANGE),
  ),
  'six hundred zeros': concatBytes(new Uint8Array(600), bytesFromText(STRANGE)),
  'a passage with broken letters, again': concatBytes(
    ...Array.from({ length: 3 }, () => text(Uint8Array.of(...BROKEN, ...bytesFromText('Alpha')))),
    bytesFromText(STRANGE),
  ),
  'a text that ends within a letter, and items behind it': concatBytes(
    post(Uint8Array.of(0x63, 0x61, 0x66, 0xc3)),
    Uint8Array.of(0xcd, 1, 0x2c),
    text('weiß nicht'),
    bytesFromText(STRANGE),
  ),
  'words of more than fifteen bytes': post(
    'Gemeinschaftsunterkunft Wasseraufbereitungsanlage thermoelectroluminescence',
  ),
  'numbers with a point': concatBytes(
    bytesFromHex('94ca3f800000cb3ff0000000000000ca40490fdb0102'),
    text('ok'),
    bytesFromText(STRANGE),
  ),
  'a passage like the first byte of all': concatBytes(
    post('zz aaojw aaojw '),
    bytesFromText(STRANGE),
  ),
}

/** How much of what is learned: nothing, a byte, and so on to all of it. */
const LEARNED = [0, 1, 2, 8, 64, 1_024, 16_384, Infinity]

/** What a model that has learned so many bytes guesses before each bit of a short body: where another model goes astray shows in the first that differs. */
export function guessVectors(): readonly Vectors[] {
  const scripts = learnedText(bytesFromText(DICTIONARY_TEXT))
  const all = concatBytes(Uint8Array.of(0xd9), scripts, END, ...sampleBodies())
  const ok = bytesFromText('Ok, two.')
  return LEARNED.map((most) => {
    const learned = all.subarray(0, most)
    const guesser = openGuesser(learned)
    const guesses = [...ok].flatMap((byte) =>
      [7, 6, 5, 4, 3, 2, 1, 0].map((place) => {
        const guess = guesser.guess()
        guesser.learn((byte >> place) & 1)
        return guess
      }),
    )
    return { learned: learned.length, body: hexFromBytes(ok), guesses }
  })
}

/** Each with its code. */
export function mixingVectors(): readonly Vectors[] {
  const dictionary = bytesFromText(DICTIONARY_TEXT)
  const coder = openMixing(learnedText(dictionary), sampleBodies())
  return Object.entries(BODIES).map(([name, body]) => {
    const bytes = must(coder.encode(body), 'it is short enough')
    return { name, bytes: hexFromBytes(bytes), body: hexFromBytes(body) }
  })
}
