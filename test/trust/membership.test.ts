/** Whatever came first: the same certificates and revocations come to the same nodes, numbers and times. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { idFromBytes, type NodeId } from '#base/ids.ts'
import { ALL_RIGHTS, NO_RIGHTS, type Certificate } from '#trust/identity.ts'
import { openMemberships, type Memberships } from '#trust/membership.ts'
import { seedOf } from '../support/organisation.ts'
import { holds } from '../support/property.ts'

type Step =
  | { readonly certificate: Certificate; readonly bytes: Uint8Array }
  | { readonly revoked: NodeId; readonly since: number }

const names = ['hub', 'alpha', 'bravo', 'charlie'] as const
const nodes = names.map((name) => idFromBytes<NodeId>(seedOf(name).subarray(0, 16)))
const numbers = [1, 2, 3]

test('nobody is known, revoked or numbered at first', async (t) => {
  const members = openMemberships()

  t.strictSame(seen(members), seen(openMemberships()))
  t.strictSame(members.all(), [])
  t.equal(members.now(nodes[0]), undefined)
  t.equal(members.holderOf(1), undefined)
})

test('in whatever order certificates and revocations come, they come to the same', async (t) => {
  holds(
    t,
    fc.property(
      fc.array(aStep(), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      (steps, picks) => {
        const shuffled = [...steps]
          .map((step) => ({ step, at: Number(picks.next().value) }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ step }) => step)

        assert.deepEqual(seen(after(shuffled)), seen(after(steps)))
      },
    ),
    500,
  )
})

test('what is heard twice changes nothing', async (t) => {
  holds(
    t,
    fc.property(fc.array(aStep(), { minLength: 1, maxLength: 8 }), (steps) => {
      assert.deepEqual(seen(after([...steps, ...steps])), seen(after(steps)))
    }),
  )
})

test('nobody but the root changes rights or role of whom the root let in, nor shortens its time', async (t) => {
  holds(
    t,
    fc.property(fc.array(aStep(), { maxLength: 12 }), (steps) => {
      const [all, byRoot] = [after(steps), after(steps.filter(isByRoot))]

      for (const said of byRoot.all()) {
        const now = all.now(said.node)
        assert.deepEqual(now?.rights, said.rights)
        assert.equal(now?.role, said.role)
        assert.ok((now?.validUntil ?? -1) >= said.validUntil)
      }
    }),
    300,
  )
})

/** A certificate of any of the nodes by any other or the root, or a revocation; few values, so that they meet. */
function aStep(): fc.Arbitrary<Step> {
  const facts = fc.record({
    node: fc.constantFrom(...nodes),
    number: fc.constantFrom(...numbers),
    name: fc.constantFrom('one', 'two'),
    role: fc.constantFrom('kit' as const, 'hub' as const),
    rights: fc.constantFrom(NO_RIGHTS, ALL_RIGHTS),
    validFrom: fc.nat(3),
    lasts: fc.nat(3),
    issuer: fc.constantFrom(undefined, ...nodes),
  })
  const certificate = facts
    .filter(({ node, issuer }) => node !== issuer)
    .map(({ lasts, ...one }) => {
      const rights = one.issuer === undefined ? one.rights : NO_RIGHTS
      const signingKey = seedOf(one.node)
      const said = { ...one, rights, signingKey, validUntil: one.validFrom + lasts }
      return { certificate: said, bytes: Buffer.from(JSON.stringify(said)) }
    })
  const revocation = fc.record({ revoked: fc.constantFrom(...nodes), since: fc.nat(3) })
  return fc.oneof({ weight: 4, arbitrary: certificate }, { weight: 1, arbitrary: revocation })
}

function after(steps: readonly Step[]): Memberships {
  const members = openMemberships()
  for (const step of steps)
    if ('revoked' in step) members.revoke(step.revoked, step.since)
    else members.admit(step.certificate, step.bytes)
  return members
}

function isByRoot(step: Step): boolean {
  return !('certificate' in step) || step.certificate.issuer === undefined
}

/** All that can be asked. */
function seen(members: Memberships): unknown {
  return {
    all: members
      .all()
      .map(({ node }) => node)
      .toSorted(),
    holders: numbers.map((number) => members.holderOf(number)),
    nodes: nodes.map((node) => ({
      now: members.now(node),
      bytes: Buffer.from(members.bytesOf(node) ?? []).toString(),
      isRevoked: members.isRevoked(node),
      revokedSince: members.revokedSince(node),
    })),
  }
}
