import { test } from 'tap'
import { budgetText } from '#server/rest/budget-words.ts'

const NOW = 1_800_000_000_000
const BUDGET = {
  startsAt: NOW - 3_600_000,
  endsAt: NOW + 7_200_000,
  spent: { bytes: 340, seconds: 12.4, money: 1.5 },
  left: { bytes: undefined, seconds: undefined, money: 8.5 },
  leftForFlash: { bytes: undefined, seconds: undefined, money: 2 },
  percent: 15,
}
const WAY = { carrier: 'sbd', peer: 'hub', currency: 'EUR', budget: BUDGET }

test('what a link has spent, and what is left of what has a limit, until it begins anew', async (t) => {
  t.equal(
    budgetText([WAY, { ...WAY, peer: 'bravo' }], NOW),
    '- sbd: spent 340 B, 12 s, 1.50 EUR, 15 % of what it may; left 8.50 EUR; for flash messages 2.00 EUR; anew in 2 h',
  )
})

test('a link that is billed without a limit, and a node without such links, say so', async (t) => {
  t.equal(budgetText([{ ...WAY, budget: undefined }], NOW), '- sbd: billed, without a limit')
  t.match(budgetText([], NOW), /No link of this node is billed/)
  const none = { bytes: undefined, seconds: undefined, money: undefined }
  const budget = { ...BUDGET, left: none, leftForFlash: none }
  t.match(budgetText([{ ...WAY, budget }], NOW), /left as much as is wanted; anew/)
})
