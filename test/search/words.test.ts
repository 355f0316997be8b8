import { test } from 'tap'
import { hashtagsOf, hasLink, wordsOf } from '#search/words.ts'
import { WORD_CHARACTERS_MAX } from '#search/limits.ts'

test('case, accents and spellings of one letter fall away', async (t) => {
  for (const [one, other] of [
    ['Crème BRÛLÉE', 'creme brulee'],
    ['Straße', 'strasse'],
    ['İstanbul ışık', 'istanbul isik'],
    ['ΟΔΟΣ οδός', 'οδοσ οδοσ'],
    ['ёж', 'еж'],
    ['مَدْرَسَةٌ', 'مدرسه'],
    ['إمداد أحمد', 'امداد احمد'],
    ['ـــمـــاء', 'ماء'],
    ['ｆｕｌｌ ﬁre', 'full fire'],
    ['zero\u200bwidth', 'zerowidth'],
  ] as const)
    t.strictSame(wordsOf(one), wordsOf(other), one)
})

test('marks that spell another word stay', async (t) => {
  t.notSame(wordsOf('が'), wordsOf('か'))
  t.notSame(wordsOf('नमक'), wordsOf('नामक'))
  t.strictSame(wordsOf('한국어'), ['한국어'])
})

test('scripts without spaces are parted by characters, others beside them are not', async (t) => {
  t.strictSame(wordsOf('東京tower 2号'), ['東', '京', 'tower', '2', '号'])
  t.strictSame(wordsOf('ไป'), ['ไ', 'ป'])
  t.strictSame(wordsOf('ሰላም ዓለም'), ['ሰላም', 'ዓለም'])
  t.strictSame(wordsOf('ok👍'), ['ok', '👍'])
})

test('words are as long as their limit, and no half characters', async (t) => {
  const [word = ''] = wordsOf(`a${'𝒳'.repeat(3)}${'𐐷'.repeat(WORD_CHARACTERS_MAX)}`)
  t.ok(word.length <= WORD_CHARACTERS_MAX)
  t.ok(word.isWellFormed())
  t.strictSame(wordsOf('\ud800 !? -- "*"'), [])
})

test('hashtags and links', async (t) => {
  t.strictSame(hashtagsOf('#Ops-Room. and (#東京) a#b #1 ##x &#y'), ['ops_room', '東京'])
  t.ok(hasLink('see https://example.org') && hasLink('www.example.org'))
  t.notOk(hasLink('https is a word, http:// is not enough'))
})
