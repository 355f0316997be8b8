import { test } from 'tap'
import { DEEDS } from '#model/audit-words.ts'
import { deedName, deedNames } from '#web/words/deeds.ts'
import { isLanguage, LANGUAGES } from '#web/words/words.ts'

/** What may be written as in English. */
const SAME_MAX = 2

for (const language of Object.keys(LANGUAGES).filter((one) => one !== 'en'))
  test(`${language} has a name of its own for every deed`, async (t) => {
    const names = isLanguage(language) ? await deedNames(language) : undefined

    t.strictSame(Object.keys(names ?? {}).toSorted(), DEEDS.toSorted())
    const said = DEEDS.map((deed) => deedName(names, deed)?.trim() ?? '')
    t.notOk(said.includes(''))
    t.strictSame(
      said.filter((name, index) => said.indexOf(name) !== index),
      [],
      'no two deeds have one name',
    )
    const same = DEEDS.filter((deed, index) => said[index] === deed)
    t.ok(same.length <= SAME_MAX, same.join(', '))
  })

test('English is what the node says, and so is a deed that is newer than the catalogue', async (t) => {
  t.equal(await deedNames('en'), undefined)
  t.equal(deedName(undefined, 'signed in'), undefined)
  const french = await deedNames('fr')
  t.equal(deedName(french, 'signed in'), 'connexion')
  t.strictSame(
    ['kettle boiled', 'toString', '__proto__', ''].map((deed) => deedName(french, deed)),
    [undefined, undefined, undefined, undefined],
  )
})
