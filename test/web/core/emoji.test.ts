import { test } from 'tap'
import { EMOJI_NAMES, emojiOf, QUICK } from '#web/core/emoji.ts'

test('every name that is offered has a character; any other stays a name', async (t) => {
  for (const name of [...QUICK, ...EMOJI_NAMES]) t.notMatch(emojiOf(name), /^:/)
  t.strictSame(
    [emojiOf('party_parrot'), emojiOf('constructor')],
    [':party_parrot:', ':constructor:'],
  )
})
