import { test } from 'tap'
import { inOrder, lateAt, storyFrom, summaryOf } from '#web/core/delivery.ts'

function aStory(...deliveries: readonly object[]) {
  return storyFrom({ message: 'p', savedAt: 1_000, origin: 'alpha', deliveries })
}

test('headquarters decides the word, however far others are', async (t) => {
  const story = aStory(
    { destination: 'k', destinationName: 'kit', word: 'read' },
    { destination: 'h', destinationName: 'hq', isHub: true, word: 'left this kit', carrier: 'sbd' },
  )

  t.match(summaryOf(story), { stage: 'left this kit', where: 'hub', carrier: 'sbd' })
  t.strictSame(
    inOrder(story.deliveries).map(({ name }) => name),
    ['hq', 'kit'],
  )
})

test('without headquarters it says on how many it is', async (t) => {
  const story = aStory(
    { destination: 'a', word: 'stored' },
    { destination: 'b', word: 'stored' },
    { destination: 'c', word: 'queued' },
  )

  t.match(summaryOf(story), { stage: 'stored', where: 'some', count: 2, total: 3 })
})

test('nothing is claimed without a proof', async (t) => {
  t.match(summaryOf(aStory()), { stage: 'on this kit', where: 'none', total: 0 })
  t.match(summaryOf(aStory({ destination: 'h', isHub: true, word: 'delivered, honestly' })), {
    stage: 'on this kit',
    where: 'none',
  })
})

test('a queued message says what goes before it and for how long', async (t) => {
  const story = aStory({ destination: 'h', isHub: true, word: 'queued', place: 3, estimateMs: 6e4 })

  t.match(summaryOf(story), { stage: 'queued', where: 'none', place: 3, estimateMs: 60_000 })
})

test('late is what came long after it was written', async (t) => {
  const story = storyFrom({ message: 'p', savedAt: 200_000 })

  t.equal(lateAt(story, 190_000), undefined)
  t.equal(lateAt(story, 0), 200_000)
})
