/** The base dictionary: fits deflate's window, is clean text, and earns its place in every language it is written in. */
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { test } from 'tap'
import { DICTIONARY_TEXT } from '#codec/dictionary-text.ts'

const BYTES_MAX = 32_506
const DICTIONARY = Buffer.from(DICTIONARY_TEXT, 'utf8')

const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  English: [
    'Two shots heard near checkpoint 4, no casualties, patrol moving to sector 2 to take a look.',
    'Restarted the API gateway, error rate dropped to 0.2 %, keep monitoring for another hour.',
    'Convoy delayed at the border crossing, new ETA 17:20, please inform the warehouse.',
  ],
  French: [
    'Bonjour, la route vers le nord est coupée, nous attendons le camion depuis ce matin.',
    'Trois blessés au village, il faut un médecin et des médicaments avant ce soir.',
  ],
  Spanish: [
    'El equipo llegó al hospital a las 10:45, faltan medicamentos y agua potable.',
    'La carretera del sur está cortada desde ayer, ¿pueden enviar el helicóptero?',
  ],
  'Haitian Creole': [
    'Bonjou, kamyon dlo a poko rive nan kan an, nou bezwen medikaman pou timoun yo.',
    'Gen twa moun blese bò legliz la, pon an kraze, voye yon ekip tanpri.',
  ],
  Arabic: [
    'وصلت الشاحنة إلى المخيم صباح اليوم، نحتاج إلى أدوية للأطفال وماء للشرب.',
    'الطريق إلى المستشفى مغلق بسبب الفيضان، هل هناك طريق آخر؟',
  ],
  Ukrainian: [
    'Добрий день, нам потрібна допомога, у нас немає води і світла вже два дні.',
    'Група вийшла о 09:15, дорога перекрита, чекаємо на підтвердження маршруту.',
  ],
}

test('the dictionary fits the part of the window that deflate can reach', (t) => {
  t.ok(DICTIONARY.length <= BYTES_MAX, `${DICTIONARY.length} bytes, at most ${BYTES_MAX}`)
  t.ok(DICTIONARY.length > BYTES_MAX - 1_024, 'and leaves little of it unused')
  t.end()
})

test('the dictionary is the same text after a round trip through UTF-8', (t) => {
  t.equal(new TextDecoder('utf-8', { fatal: true }).decode(DICTIONARY), DICTIONARY_TEXT)
  t.end()
})

test('the dictionary holds no control, direction or replacement character', (t) => {
  t.notMatch(DICTIONARY_TEXT, /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/u)
  t.end()
})

test('the dictionary is the one that envelopes in the field were made with', (t) => {
  t.equal(
    createHash('sha256').update(DICTIONARY).digest('hex'),
    '63e720f2bd8ae0fbc6fabbec3f677b80a9a934bdca9df81eb9f2478d2c824e38',
  )
  t.end()
})

for (const [language, texts] of Object.entries(SAMPLES)) {
  test(`the dictionary takes at least a quarter off messages in ${language}`, (t) => {
    for (const text of texts) {
      const packed = deflateRawSync(text, { level: 9, dictionary: DICTIONARY })
      const plain = deflateRawSync(text, { level: 9 })
      t.ok(packed.length <= plain.length * 0.75, `${packed.length} of ${plain.length}: ${text}`)
      t.equal(inflateRawSync(packed, { dictionary: DICTIONARY }).toString('utf8'), text)
    }
    t.end()
  })
}
