/** PROTOCOL.md, “Entry”: the items of each kind. */
import { buffer, idOf, must, readWhole, Refusal } from './bytes.ts'
import { CHANNEL_KINDS, LANES } from './names.ts'

/** What an entry says behind author, time and counter. */
export type Content = Readonly<Record<string, unknown>> & { readonly kind: string }

const [BODY_MAX, WRAPS_MAX, WRAP_BYTES] = [16_383, 1_000, 48]
const ROLES = ['none', 'member', 'administrator'] as const

type Shape = (items: readonly unknown[]) => Omit<Content, 'kind'>

const SHAPES: Readonly<Record<number, readonly [string, Shape]>> = {
  0: [
    'post',
    ([body, root, reason, label, extras]) => ({
      body: words(body, BODY_MAX, 0),
      ...maybe('root', root, id),
      ...maybe('overrideReason', reason, (value) => words(value, 200)),
      ...maybe('label', label, attributes),
      ...extrasOf(extras),
    }),
  ],
  1: ['edit', ([target, body]) => ({ target: id(target), body: words(body, BODY_MAX, 0) })],
  2: ['deletion', ([target]) => ({ target: id(target) })],
  3: [
    'reaction',
    ([target, emoji, isSet]) => ({
      target: id(target),
      emoji: words(emoji, 64),
      isSet: flag(isSet),
    }),
  ],
  4: ['acknowledgement', ([target]) => ({ target: id(target) })],
  5: ['pin', ([target, isSet]) => ({ target: id(target), isSet: flag(isSet) })],
  6: [
    'tick',
    ([target, item, isSet]) => ({
      target: id(target),
      item: upTo(item, 65_535),
      isSet: flag(isSet),
    }),
  ],
  16: ['node', ([certificate]) => ({ certificate: some(certificate) })],
  17: [
    'person',
    ([person, username, displayName, isAdministrator]) => ({
      person: id(person),
      profile: {
        username: words(username, 64),
        displayName: words(displayName, 128, 0),
        isAdministrator: flag(isAdministrator),
      },
    }),
  ],
  18: [
    'channel',
    ([channel, kind]) => ({ channel: id(channel), channelKind: one(CHANNEL_KINDS, kind) }),
  ],
  19: [
    'member',
    ([channel, person, role, from]) => ({
      channel: id(channel),
      person: id(person),
      role: one(ROLES, role),
      ...maybe('from', from, natural),
    }),
  ],
  20: ['settings', ([settings]) => ({ settings: settingsOf(settings) })],
  21: [
    'dictionary',
    ([name, stretches]) => ({ hash: some(name, 32), stretches: stretchesOf(raw(stretches)) }),
  ],
  22: ['standing', ([person, isActive]) => ({ person: id(person), isActive: flag(isActive) })],
  35: ['policy', ([about, key, value]) => ({ part: policyPart(about, key, value) })],
  36: [
    'purge',
    ([reason, stretches]) => ({
      reason: one(PURGE_REASONS, reason),
      stretches: purgedOf(raw(stretches)),
    }),
  ],
  23: [
    'bot',
    ([person, owner, description]) => ({
      person: id(person),
      owner: id(owner),
      description: words(description, 1_024, 0),
    }),
  ],
  24: [
    'sealing key',
    ([generation, key]) => ({ generation: natural(generation), publicBytes: some(key) }),
  ],
  25: ['pair', ([name, ciphertext]) => ({ keyName: some(name, 8), ciphertext: some(ciphertext) })],
  26: [
    'epoch',
    ([audience, count, epoch, maker, wraps]) => ({
      audience: id(audience),
      number: natural(count),
      epoch: some(epoch, 16),
      ...maybe('maker', maker, id),
      wraps: wrapsOf(raw(wraps)),
    }),
  ],
  27: [
    'revocation',
    ([by, node, since, signature, reason]) => ({
      node: id(node),
      since: natural(since) * 1_000,
      reason: words(reason, 200, 0),
      by: id(by),
      signature: some(signature),
    }),
  ],
  28: [
    'wipe order',
    ([by, node, at, signature]) => ({
      node: id(node),
      at: natural(at) * 1_000,
      by: id(by),
      signature: some(signature),
    }),
  ],
  29: ['wiped', () => ({})],
  30: ['renewal', ([until]) => ({ until: natural(until) * 1_000 })],
  31: [
    'share',
    ([share, name, ciphertext, sealed]) => ({
      id: some(share, 16),
      ...(name === undefined
        ? {}
        : {
            parcel: {
              keyName: some(name, 8),
              ciphertext: some(ciphertext),
              sealed: some(sealed),
            },
          }),
    }),
  ],
  33: [
    'fork',
    ([document, actor, seq, before, ...branches]) => ({
      document: words(document, 64),
      actor: some(actor, 12),
      seq: natural(seq),
      before: some(before, 32),
      branches: branches.slice(0, 2).map((branch) => branchOf(raw(branch))),
    }),
  ],
  34: [
    'anchor',
    ([document, actor, forkAt, branch, seq, trail, signature]) => ({
      document: words(document, 64),
      actor: some(actor, 12),
      forkAt: natural(forkAt),
      branch: some(branch, 32),
      seq: natural(seq),
      trail: some(trail, 32),
      signature: some(signature),
    }),
  ],
}

/** What an entry of this kind says; nothing when the page has no such kind. A strange shape is refused. */
export function contentOf(kind: unknown, items: readonly unknown[]): Content | undefined {
  const [name, shape] = (typeof kind === 'number' ? SHAPES[kind] : undefined) ?? []
  if (name === undefined || shape === undefined) return undefined
  return { kind: name, ...shape(items) }
}

function settingsOf(value: unknown): Readonly<Record<string, string | boolean>> {
  must(typeof value === 'object' && value !== null, 'a map of settings')
  const texts = new Set(['name', 'displayName', 'purpose', 'header'])
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, said]): [string, string | boolean][] => {
      if (texts.has(key)) return [[key, words(said, 1_024, 0)]]
      return key === 'isArchived' && typeof said === 'boolean' ? [[key, said]] : []
    }),
  )
}

function stretchesOf(bytes: Buffer): readonly unknown[] {
  return readWhole(bytes, (reader) => {
    const stretches: unknown[] = []
    while (reader.left() > 0) {
      const code = reader.uint()
      stretches.push({
        lane: LANES[code % 4],
        segment: Math.floor(code / 4),
        actor: reader.take(12).toString('hex'),
        from: reader.uint(),
        count: reader.uint(),
      })
    }
    must(stretches.length >= 1 && stretches.length <= 64, 'stretches')
    return stretches
  })
}

const PURGE_REASONS = ['by hand', 'retention', 'shown once'] as const

function purgedOf(bytes: Buffer): readonly unknown[] {
  return readWhole(bytes, (reader) => {
    const stretches: unknown[] = []
    while (reader.left() > 0) {
      const code = reader.uint()
      const actor = reader.take(12).toString('hex')
      const from = reader.uint()
      const to = from + reader.uint()
      const messages = reader.uint()
      const previous = from > 1 ? digits(reader.take(32)) : ''
      const hash = digits(reader.take(32))
      const trail = digits(reader.take(32))
      const people = Array.from({ length: reader.uint() }, () => id(reader.take(16)))
      const seconds = reader.uint()
      const placeAt = seconds * 1_000 + reader.uint()
      const after = { people, seconds, placeAt, counter: reader.uint() }
      const [lane, segment] = [LANES[code % 4], Math.floor(code / 4)]
      const ends = { previous, hash, trail, after }
      stretches.push({ lane, segment, actor, from, to, messages, ...ends })
    }
    must(stretches.length >= 1 && stretches.length <= 100, 'stretches')
    return stretches
  })
}

function wrapsOf(bytes: Buffer): readonly unknown[] {
  return readWhole(bytes, (reader) => {
    const wraps: unknown[] = []
    while (reader.left() > 0)
      wraps.push({ pair: reader.uint(), bytes: digits(reader.take(WRAP_BYTES)) })
    must(wraps.length <= WRAPS_MAX, 'too many wraps')
    return wraps
  })
}

/** A branch of a fork: its signature, and its steps from the fork on. */
function branchOf(bytes: Buffer): unknown {
  return readWhole(bytes, (reader) => {
    const signature = digits(reader.block())
    const steps: string[] = []
    while (reader.left() > 0) steps.push(digits(reader.take(32)))
    must(steps.length >= 1 && steps.length <= 800, 'steps')
    return { steps, signature }
  })
}

function maybe(
  name: string,
  value: unknown,
  read: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return value === undefined || value === null ? {} : { [name]: read(value) }
}

function raw(value: unknown): Buffer {
  must(value instanceof Uint8Array, 'bytes')
  return buffer(value)
}

function fileOf([file, name, type, bytes, hash]: readonly unknown[]): object {
  return {
    id: id(file),
    name: words(name, 256),
    type: words(type, 128, 0),
    bytes: natural(bytes),
    hash: some(hash, 32),
  }
}

function extrasOf(value: unknown): Readonly<Record<string, unknown>> {
  const { a, f, p } = Object(value ?? {}) as Readonly<Record<string, unknown>>
  return {
    ...maybe('files', f, (files) => (files as readonly (readonly unknown[])[]).map(fileOf)),
    ...maybe('props', p, (text) => words(text, BODY_MAX)),
    ...(a === 1 && { asksAcknowledgement: true }),
  }
}

function some(value: unknown, length?: number): string {
  const bytes = raw(value)
  must(length === undefined || bytes.length === length, `${length} bytes`)
  return digits(bytes)
}

function id(value: unknown): string {
  return idOf(raw(value))
}

function words(value: unknown, most: number, least = 1): string {
  must(typeof value === 'string' && value.length >= least && value.length <= most, 'a text')
  return value
}

function upTo(value: unknown, most: number): number {
  const found = natural(value)
  if (found > most) throw new Refusal('a number is too large')
  return found
}

function natural(value: unknown): number {
  must(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, 'a number')
  return value
}

function flag(value: unknown): boolean {
  must(value === 0 || value === 1, 'a 0 or 1')
  return value === 1
}

function one<T>(list: readonly T[], value: unknown): T {
  const found = typeof value === 'number' ? list[value] : undefined
  must(found !== undefined, 'a number of a list')
  return found
}

function digits(bytes: Uint8Array): string {
  return buffer(bytes).toString('hex')
}

/** “Policy”: names to a text or a list of texts. */
function attributes(value: unknown): unknown {
  const all = Object.entries(Object(value) as Record<string, unknown>)
  must(all.length <= 16, 'too many attributes')
  return Object.fromEntries(
    all.map(([name, found]) => {
      must(/^[a-z][a-zA-Z0-9-]{0,31}$/.test(name), 'the name of an attribute')
      return [name, Array.isArray(found) ? found.map((text) => words(text, 64)) : words(found, 64)]
    }),
  )
}

function policyPart(about: unknown, key: unknown, value: unknown): unknown {
  const rest = (name: string): object => maybe(name, value, (whole) => whole)
  switch (about) {
    case 0:
      return { about: 'levels', levels: value }
    case 1:
      return { about: 'role', role: words(key, 64), ...rest('permissions') }
    case 2:
      return { about: 'rule', name: words(key, 32), ...rest('rule') }
    case 3:
      return { about: 'person', person: id(key), attributes: attributes(value) }
    case 4:
      return { about: 'label', channel: id(key), label: attributes(value) }
    case 5:
      return { about: 'moderation', channel: id(key), ...rest('moderation') }
    case 6:
      return { about: 'channel hold', channel: id(key), isHeld: value !== false }
    case 7:
      return { about: 'person hold', person: id(key), isHeld: value !== false }
    case 8:
      return { about: 'retention', ...maybe('channel', key, id), ...rest('days') }
    case 9:
      return { about: 'shown once', ...rest('days') }
    default:
      throw new Refusal('about nothing')
  }
}
