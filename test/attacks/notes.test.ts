/** Attacks by notes: receipts, what somebody says to have, what somebody asks for. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { actorOf, lifeOfActor, type ActorId, type DocumentId } from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { encodeLoad, type SignedNote } from '#codec/load.ts'
import type { Note } from '#codec/note.ts'
import { newChannelId } from '#model/channel-id.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { storedAt } from '#sync/gap-marks.ts'
import { mustHoldBack } from '#sync/hearsay.ts'
import { key, range } from '#sync/keys.ts'
import { hasOf, noteHas, receiptOf } from '#sync/ledger.ts'
import { signNote } from '#sync/note-queue.ts'
import { describe } from '#sync/notes.ts'
import { decodeNote, encodeNote } from '#codec/note.ts'
import { noteStatement } from '#trust/attestation.ts'
import { anInsider, sizeOf, unnamed, type Insider } from '../support/adversary.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, rosterOf, seedOf } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  noteOf,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const mallory = anIdentity('mallory', 9)
const knows = [...people, mallory]
const OFFICE = 'post:office' as const

function aNote(kind: Note['kind'], document: DocumentId, clock: Record<string, number>): Note {
  return { kind, isWhole: false, items: [{ document, clock, read: {} }] }
}

test('a receipt in anothers name is not vouched for, and no tick comes of it', async (t) => {
  const { bravo } = await aPair()
  await say(bravo, 'is it there?')
  const insider = anInsider(mallory, { knows: people })
  const alpha = must(people[0], 'alpha').certificate
  const note = aNote('receipt', routine, { [bravo.actor]: 1 })

  const inAnothersName = await arrive(bravo, insider.note(note, { sender: alpha }))
  const unsigned = await arrive(bravo, insider.note(note, { sender: alpha, signature: 'none' }))

  for (const { outcome } of [inAnothersName, unsigned])
    t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.strictSame(await unnamed(bravo, 'unsigned'), [])
  t.equal(await receiptOf(bravo.context.replica.read, alpha.node, routine), undefined)
})

test("a note that was altered after it was signed is nobody's", async (t) => {
  const { bravo } = await aPair()
  const insider = anInsider(must(people[0], 'alpha'), { knows: [...people, mallory] })
  const { organisation } = bravo.context.identity
  const less = encodeNote(aNote('receipt', routine, { [bravo.actor]: 1 }), bravo.context.roster)
  const more = encodeNote(aNote('receipt', routine, { [bravo.actor]: 2 }), bravo.context.roster)
  const signature = insider.sign(
    noteStatement(organisation.id, { actor: insider.actor, body: less }),
  )
  const note = { actor: insider.actor, body: more, signature }

  const { outcome } = await arrive(bravo, riding(insider, bravo, { note }))

  t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.equal(await receiptOf(bravo.context.replica.read, insider.node, routine), undefined)
})

test('what is forged and rides with a good delta is not believed, and the delta is taken', async (t) => {
  const { alpha, bravo } = await aPair()
  await say(bravo, 'is it there?')
  const insider = anInsider(mallory, { knows: people })
  const { organisation } = bravo.context.identity
  const said = encodeNote(aNote('receipt', routine, { [bravo.actor]: 1 }), bravo.context.roster)
  const signature = insider.sign(noteStatement(organisation.id, { actor: alpha.actor, body: said }))
  const note = { actor: alpha.actor, body: said, signature }
  const change = insider.write(routine, { content: { kind: 'post', body: 'x', root: undefined } })

  const { outcome } = await arrive(bravo, riding(insider, bravo, { note, change }))

  t.match(outcome, { kind: 'applied', changes: 1 })
  t.equal(await receiptOf(bravo.context.replica.read, alpha.id, routine), undefined)
  t.match(bravo.log.named('envelope.refused'), [{ facts: { reason: 'not vouched for' } }])
})

test('what somebody has or wants is for them alone to say, though it is signed', async (t) => {
  const { alpha, bravo } = await aPair()
  await say(bravo, 'one')
  const insider = anInsider(mallory, { knows: people })
  for (const kind of ['have', 'want'] as const) {
    const note = signNote(alpha.context, aNote(kind, routine, {}))
    const { outcome } = await arrive(bravo, riding(insider, bravo, { note }), { from: OFFICE })
    t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  }
  const note = signNote(alpha.context, aNote('receipt', routine, { [bravo.actor]: 1 }))
  const { outcome } = await arrive(bravo, riding(insider, bravo, { note }), { from: OFFICE })
  t.match(outcome, { kind: 'noted' }, 'a receipt stays true, whoever brings it')
})

test('what a node said is put into no life but that in which it said it', async (t) => {
  const { alpha, bravo } = await aPair()
  const empty = signNote(alpha.context, { kind: 'have', isWhole: true, items: [] })
  await say(bravo, 'one')
  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(bravo, await noteOf(alpha, aNote('receipt', routine, { [bravo.actor]: 1 })))
  const insider = anInsider(mallory, { knows: people })
  const stored = () => storedAt(bravo.context.replica.read, alpha.id, routine)
  const { certificate } = alpha.context.identity
  for (const life of [lifeOf(666), lifeOfActor(insider.actor)]) {
    const sender = actorOf(alpha.id, life)
    for (const actor of [sender, alpha.actor]) {
      const body = encodeLoad(
        { notes: [{ ...empty, actor }] },
        { scope: 'directory', sender, roster: bravo.context.roster },
      )
      const sealed = insider.seal('directory', body, { sender: certificate, life })
      t.match(await arrive(bravo, sealed, { from: OFFICE }), {
        outcome: { kind: 'refused', reason: 'not vouched for' },
      })
    }
  }

  t.strictSame(await stored(), { [bravo.actor]: 1 }, 'no word is taken back')
  await say(bravo, 'two')
  await arrive(bravo, await noteOf(alpha, aNote('receipt', routine, { [bravo.actor]: 2 })))
  t.strictSame(await stored(), { [bravo.actor]: 2 }, 'and what it says next counts')
})

test('what a node signed for in a life that is over brings no word back, whoever passes it on', async (t) => {
  const { alpha, bravo } = await aPair()
  for (const text of ['one', 'two']) await say(bravo, text)
  const before = signNote(alpha.context, aNote('receipt', routine, { [bravo.actor]: 2 }))
  await arrive(bravo, await noteOf(alpha, aNote('receipt', routine, { [bravo.actor]: 1 })))
  const put = anInsider(must(people[0], 'alpha'), { knows, life: 'put back' })
  const less = { ...aNote('have', routine, { [bravo.actor]: 1 }), isWhole: true }
  await arrive(bravo, put.note(less), { from: OFFICE })
  const insider = anInsider(mallory, { knows: people })

  const late = await arrive(bravo, riding(insider, bravo, { note: before }), { from: OFFICE })

  t.match(late.outcome, { kind: 'noted' })
  const stored = () => storedAt(bravo.context.replica.read, alpha.id, routine)
  t.strictSame(await stored(), { [bravo.actor]: 1 })
  await arrive(bravo, put.note(aNote('receipt', routine, { [bravo.actor]: 2 })))
  t.strictSame(await stored(), { [bravo.actor]: 2 })
})

test('a forged change under our own name, ahead of our list, does not end our life', async (t) => {
  const { bravo, log } = await aPair()
  await say(bravo, 'kept')
  const insider = anInsider(mallory, { knows: people })
  const posing = anInsider(must(people[1], 'bravo'), { knows: [...people, mallory] })
  for (let each = 0; each < 5; each += 1)
    posing.write(routine, { content: { kind: 'post', body: `forged ${each}`, root: undefined } })
  const changes = posing
    .list(routine)
    .since({})
    .map((change) => ({ ...change, actor: bravo.actor }))
  const junk = new Map([[bravo.actor, insider.sign(new Uint8Array(3))]])

  for (const part of [changes, changes.slice(3)])
    await arrive(bravo, insider.envelope(routine, { attestations: junk }, part))

  t.equal(bravo.context.run.isOver, false)
  t.strictSame(log.named('node.restored'), [])
  t.strictSame(await unnamed(bravo, 'unvouched'), [])
  t.strictSame(await bodies(bravo), ['kept'])
})

test('a note that says to hold more of us than there is does not end our life', async (t) => {
  const { bravo } = await aPair()
  await say(bravo, 'kept')
  const insider = anInsider(mallory, { knows: people })

  for (const kind of ['have', 'receipt', 'want'] as const)
    await arrive(bravo, insider.note(aNote(kind, routine, { [bravo.actor]: 1_000 })))

  t.equal(bravo.context.run.isOver, false)
  t.strictSame(await bodies(bravo), ['kept'])
  t.strictSame(await unnamed(bravo, 'lieAboutUs'), [])
})

test('who says again and again to hold more of us holds us up ever more rarely', async (t) => {
  const { bravo, clock } = await aPair()
  await say(bravo, 'kept')
  const insider = anInsider(mallory, { knows: people })
  const other = people[2] ?? mallory
  const about = { peer: other.certificate.node, document: routine }
  let minutes = 0
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    await arrive(bravo, insider.note(aNote('have', routine, { [bravo.actor]: 1_000 })), {
      from: OFFICE,
    })
    const isHeld = await bravo.context.replica.commit((tx) =>
      mustHoldBack(tx, bravo.context, about),
    )
    if (isHeld) minutes += 1
    await clock.advance(60_000)
  }

  t.ok(minutes >= 5, 'a word is waited for')
  t.ok(minutes <= 45, `held up for ${minutes} minutes of a day`)
  const notes = await bravo.context.replica.read.list(range.notes(OFFICE))
  t.ok(notes.length <= 9, `asked ${notes.length} times in a day`)
})

test('a large lie about us makes no large question', async (t) => {
  const { bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const lives = Array.from({ length: 300 }, (_, at) => actorOf(insider.node, lifeOf(at)))
  const clock = Object.fromEntries([bravo.actor, ...lives].map((actor) => [actor, 9]))
  const items = Array.from({ length: 90 }, (_, at) => {
    const channel = newChannelId(insider.node, 'public', seedOf(`c ${at}`).subarray(0, 8))
    return { document: segmentDocument(channel, 'routine', 0), clock, read: {} }
  })

  const { outcome } = await arrive(bravo, insider.note({ kind: 'have', isWhole: false, items }), {
    from: OFFICE,
  })
  t.match(outcome, { kind: 'noted' })

  const notes = await bravo.context.replica.read.list(range.notes(OFFICE))
  t.equal(notes.length, 1)
  t.ok((notes[0]?.[1].length ?? 0) < 25_000, `a question of ${notes[0]?.[1].length} bytes`)
  t.equal(bravo.context.run.claimed.size, 0, 'nothing is remembered of what is not here')
})

test('who asks again and again is given it at first, and then ever more rarely', async (t) => {
  const { bravo, clock } = await aPair()
  for (let each = 0; each < 20; each += 1) await say(bravo, `message ${each}`)
  const insider = anInsider(mallory, { knows: people })
  let given = 0
  for (let each = 0; each < 60; each += 1) {
    await atTheOffice(bravo)
    await arrive(bravo, insider.note(aNote('want', routine, {})), { from: OFFICE })
    await arrive(bravo, insider.note({ kind: 'have', isWhole: true, items: [] }), { from: OFFICE })
    const holds = await hasOf(bravo.context.replica.read, OFFICE, routine)
    if ((holds[bravo.actor] ?? 0) === 0) given += 1
    await clock.advance(60_000)
  }

  t.ok(given >= 1, 'an honest question is answered')
  t.ok(given <= 10, `answered ${given} times in an hour`)
  t.strictSame(await unnamed(bravo, 'floodOfWants'), [])
})

test('what a node said at a contact, and somebody says again for it, is answered ever more rarely', async (t) => {
  const { alpha, bravo, clock } = await aPair()
  await say(bravo, 'one')
  const { context } = bravo
  const ours = { document: routine, clock: { [bravo.actor]: 1 } }
  for (const kind of ['want', 'have'] as const) {
    const recorded = await noteOf(alpha, aNote(kind, routine, {}))
    let given = 0
    for (let minute = 0; minute < 120; minute += 1) {
      await context.replica.commit((tx) => noteHas(tx, alpha.id, ours))
      await arrive(bravo, recorded, { from: alpha.id })
      if ((await hasOf(context.replica.read, alpha.id, routine))[bravo.actor] === undefined)
        given += 1
      await clock.advance(60_000)
    }
    t.ok(given <= 10, `${kind}: ${given} times in two hours`)
    t.ok(kind === 'have' || given >= 4, 'an honest question is answered')
  }
})

test('a question that somebody has recorded is answered ever more rarely', async (t) => {
  const { alpha, bravo, clock } = await aPair()
  await say(alpha, 'one')
  const { context } = alpha
  const question = { ...aNote('have', routine, {}), isQuestion: true } as const
  const recorded = await noteOf(bravo, question)
  const place = key.owed(OFFICE, routine)
  let answers = 0
  for (let minute = 0; minute < 120; minute += 1) {
    await context.replica.commit(async (tx) => tx.delete(place))
    await arrive(alpha, recorded, { from: OFFICE })
    if ((await context.replica.read.get(place)) !== undefined) answers += 1
    await clock.advance(60_000)
  }

  t.ok(answers >= 4, 'an honest question is answered')
  t.ok(answers <= 10, `answered ${answers} times in two hours`)
})

test('what was played in the place of a node says nothing of what that node holds', async (t) => {
  const { alpha, bravo } = await aPair()
  await say(alpha, 'for all')
  const recorded = await envelopeOf(alpha, routine)
  const { read } = bravo.context.replica
  const charlie = must(people[2], 'charlie').certificate.node

  bravo.context.peers.add(charlie)

  t.match(await arrive(bravo, recorded, { from: charlie }), { outcome: { kind: 'applied' } })
  t.ok(await read.get(key.outbox(charlie, 'routine', routine)), 'it is offered')
  t.strictSame(await hasOf(read, charlie, routine), {}, 'it is given it')
  await arrive(bravo, recorded, { from: alpha.id })
  t.match(await hasOf(read, alpha.id, routine), { [alpha.actor]: 1 })
})

test('who claims to have everything harms nobody but itself', async (t) => {
  const { bravo } = await aPair()
  await say(bravo, 'for all')
  const insider = anInsider(mallory, { knows: people })
  await arrive(bravo, insider.note(aNote('have', DIRECTORY, { [bravo.actor]: 1 })), {
    from: insider.node,
  })
  await using charlie = await aSync('charlie', { knows })
  await arrive(charlie, await envelopeOf(bravo, KEYS))

  await arrive(charlie, await envelopeOf(bravo, routine))

  t.strictSame(
    await hasOf(bravo.context.replica.read, must(people[2], 'charlie').certificate.node, routine),
    {},
  )
})

test('a small note makes no large disk', async (t) => {
  const { bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const lives = Array.from({ length: 500 }, (_, at) => actorOf(insider.node, lifeOf(at)))
  const clock = Object.fromEntries(lives.map((actor) => [actor, 1]))
  const items = Array.from({ length: 250 }, (_, at) => {
    const channel = newChannelId(insider.node, 'public', seedOf(`c ${at}`).subarray(0, 8))
    return { document: segmentDocument(channel, 'routine', 0), clock, read: {} }
  })
  const bytes = insider.note({ kind: 'receipt', isWhole: false, items })
  const before = await sizeOf(bravo)

  await arrive(bravo, bytes)

  const grown = (await sizeOf(bravo)) - before
  t.ok(grown < 3_000_000, `an envelope of ${bytes.length} bytes made ${grown} on disk`)
})

test('a node with thousands of lives in one document keeps nobody from saying what they have', async (t) => {
  const roster = rosterOf(knows)
  const insider = anInsider(mallory, { knows: people })
  const lives = Array.from({ length: 5_000 }, (_, at) => actorOf(insider.node, lifeOf(at)))
  const record = { clock: Object.fromEntries(lives.map((actor) => [actor, 1])), heads: {} }
  const { pack } = await import('#sync/records.ts')
  const reader = {
    get: async (place: string) => (place === key.document(routine) ? pack(record) : undefined),
  }

  const note = await describe(reader, 'have', [routine])

  t.ok(decodeNote(encodeNote(note, roster), roster), 'others can read it')
})

test('a note of one member is passed on once, whatever it repeats', async (t) => {
  const { bravo } = await aPair()
  bravo.context.peers.add(OFFICE)
  const insider = anInsider(mallory, { knows: people })
  for (let each = 0; each < 10; each += 1)
    await arrive(bravo, insider.note(aNote('receipt', routine, { [insider.actor]: 1 })), {
      from: insider.node,
    })

  const waiting = await bravo.context.replica.read.list(range.notes(OFFICE))

  t.equal(waiting.length, 1)
})

test('nodes keep what they say apart: a note cannot be taken for a change', async (t) => {
  const { alpha, bravo } = await aPair()
  const note = await noteOf(alpha, aNote('have', routine, {}))

  t.match(await arrive(bravo, note), { outcome: { kind: 'noted' } })
  t.match(await arrive(bravo, note), { outcome: { kind: 'noted' } })
  t.strictSame(await bodies(bravo), [])
})

function lifeOf(number: number): Uint8Array {
  const life = Buffer.alloc(4)
  life.writeUInt32BE(number)
  return life
}

async function atTheOffice({ context }: SyncNode): Promise<void> {
  context.peers.add(OFFICE)
  await context.replica.commit(async (tx) => {
    const clock = (await tx.log(routine)).clock()
    await noteHas(tx, OFFICE, { document: routine, clock })
  })
}

/** A note, and a change of the insider's if there is one, in an envelope of the insider. */
function riding(
  insider: Insider,
  { context }: SyncNode,
  { note, change }: { readonly note: SignedNote; readonly change?: Logged },
): Uint8Array {
  const { roster } = context
  const scope = change === undefined ? 'directory' : ops
  const sender = insider.actor
  const attestations = new Map<ActorId, Uint8Array>()
  const delta =
    change && encodeDelta({ document: routine, changes: [change], sender, roster, attestations })
  const load = encodeLoad({ notes: [note], ...(delta && { delta }) }, { scope, sender, roster })
  const signature = change && insider.attest(routine, upTo(insider.list(routine), change))
  return insider.seal(scope, load, signature === undefined ? {} : { signature })
}

async function aPair() {
  const log = collectingLog()
  const clock = virtualClock()
  const alpha = await aSync('alpha', { role: 'hub', knows, clock })
  const bravo = await aSync('bravo', { knows, log, clock })
  await found(alpha)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo, log, clock }
}
