import { test } from 'tap'
import { argumentsOf, DEFAULT_OPTIONS, optionsFrom, withScript } from './options.ts'

test('options survive being written as arguments', async (t) => {
  const options = {
    nodes: 5,
    hours: 0.5,
    actions: 7,
    without: ['power', 'cuts'] as const,
    planted: ['cursor-moved-early'] as const,
    linkTrace: 'traces/hills.up.csv',
    powerCut: undefined,
    also: ['bit-flips'] as const,
    story: undefined,
  }

  t.match(optionsFrom(argumentsOf(options)), options)
  t.strictSame(optionsFrom(argumentsOf({ ...DEFAULT_OPTIONS, powerCut: 'before-17' })), {
    powerCut: 'before-17',
  })
  t.strictSame(
    optionsFrom(argumentsOf(withScript({ ...DEFAULT_OPTIONS, story: 'two-sticks' }))),
    { story: 'two-sticks' },
    'a story has its own nodes and faults',
  )
  t.strictSame(
    argumentsOf(DEFAULT_OPTIONS),
    ['--nodes', '3', '--hours', '2', '--actions', '50'],
    'what a seed draws otherwise is said',
  )
})

test('a word that is no option is refused by name', async (t) => {
  t.throws(() => optionsFrom(['--speed', '9']), /--speed/)
  t.throws(() => optionsFrom(['--without', 'rain']), /rain/)
})
