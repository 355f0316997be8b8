/** Rules of PACE as an operator writes them. */
import { test } from 'tap'
import { pacePolicyOf } from '../../src/compose/pace.ts'
import { Config } from '#config/schema.ts'

const nats = { kind: 'nats', servers: ['nats://127.0.0.1:4222'] }
const P = { letter: 'P', carriers: ['lan'], toward: 'shore' }
const A = { letter: 'A', carriers: ['nats'], lanes: ['flash', 'immediate'], queueOlderMs: 600_000 }

test('a rule is read with its defaults', async (t) => {
  const pace = { rules: [{ name: 'ops', letters: [P, A] }], drillEveryHours: 168 }
  const policy = pacePolicyOf(Config.parse({ carriers: [{ kind: 'lan' }, nats], pace }))

  t.equal(policy.drillEveryMs, 7 * 86_400_000)
  t.match(policy.rules, [
    {
      name: 'ops',
      channels: undefined,
      alsoBy: ['lan', 'courier'],
      holdMs: 600_000,
      letters: [
        { letter: 'P', toward: 'shore', downMs: 300_000, leavesWhenSpent: true, queue: undefined },
        {
          letter: 'A',
          lanes: ['flash', 'immediate'],
          queue: { lane: 'immediate', olderMs: 600_000 },
          takesFiles: true,
        },
      ],
    },
  ])
})

test('what says nothing together is refused, and the key is named', async (t) => {
  const problems: readonly (readonly [string, object])[] = [
    ['pace.rules.0.letters.1.carriers', { rules: [rule([P, { ...A, carriers: ['sbd'] }])] }],
    ['pace.rules.0.letters', { rules: [rule([A, P])] }],
    ['pace.rules.0.letters', { rules: [rule([P, { ...A, carriers: ['lan'] }])] }],
    ['pace.rules.0.letters', { rules: [rule([{ ...P, byHand: true }])] }],
    ['pace.rules.1.name', { rules: [rule([P]), rule([A])] }],
    ['pace.rules.0.alsoBy', { rules: [{ ...rule([P]), alsoBy: ['carrier-pigeon'] }] }],
  ]
  for (const [path, pace] of problems) {
    const { error } = Config.safeParse({ carriers: [{ kind: 'lan' }, nats], pace })
    t.ok(
      error?.issues.some((issue) => issue.path.join('.') === path),
      path,
    )
  }
})

function rule(letters: readonly object[]) {
  return { name: 'ops', letters }
}
