/** What is said of the policy here must fit together: what names nothing would forbid silently. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId } from '#base/ids.ts'
import { rankOf } from '#model/label.ts'
import { RULES_MAX } from '#model/policy-limits.ts'
import { valuesOf, type Attributes, type PolicyPart } from '#model/policy.ts'
import { CHANNEL_ACTIONS } from '#trust/access.ts'
import { isChangeable, isRole, MODERATED, PERMISSIONS } from '#trust/roles.ts'
import type { AppContext } from './context.ts'

/** Refuses a part that does not fit what is there. @throws EdgeError INPUT_INVALID, NOT_FOUND, NOT_ALLOWED */
export function checkPart(context: AppContext, part: PolicyPart): void {
  switch (part.about) {
    case 'levels':
      return checkLevels(context, part.levels)
    case 'rule':
      return checkRule(context, part)
    case 'role':
      return checkRole(part)
    case 'person':
      return checkPerson(context, part)
    case 'label':
      return checkLabel(context, part)
    case 'moderation': {
      refuseUnknown(context, part)
      const { members = [], guests = [] } = part.moderation ?? {}
      return refuseOthers('moderation', [...members, ...guests], MODERATED)
    }
    case 'positions':
      if (part.channel !== undefined) refuseUnknown(context, { channel: part.channel })
      return
    // What they name was found before (`purging.ts`).
    case 'channel hold':
    case 'person hold':
    case 'retention':
    case 'shown once':
  }
}

type Part<About extends PolicyPart['about']> = Extract<PolicyPart, { about: About }>

/** A level that somebody or something has must stay: who has it would have none. */
function checkLevels(context: AppContext, levels: readonly string[]): void {
  const { policy } = context.sync.directory()
  const used = policy.parts().flatMap((part) => {
    if (part.about === 'person') return valuesOf(part.attributes, 'clearance')
    return part.about === 'label' ? valuesOf(part.label, 'classification') : []
  })
  const lost = used.find((one) => policy.levels().includes(one) && !levels.includes(one))
  if (lost !== undefined)
    throw wrong('levels', `none called ${lost}, which is in use`, 'all levels that are in use')
}

function checkRule(context: AppContext, { name, rule }: Part<'rule'>): void {
  if (rule === undefined || rule === 'unreadable') return
  refuseOthers('actions', rule.actions, [...CHANNEL_ACTIONS, '*'])
  const others = context.sync
    .directory()
    .policy.rules()
    .filter((one) => one.name !== name)
  if (others.length >= RULES_MAX) throw wrong('rules', `${others.length}`, `at most ${RULES_MAX}`)
}

function checkRole({ role, permissions = [] }: Part<'role'>): void {
  if (!isRole(role)) throw new EdgeError('NOT_FOUND', { what: 'role', name: role })
  if (!isChangeable(role))
    throw new EdgeError('NOT_ALLOWED', { action: 'manage policy', found: `the role ${role}` })
  refuseOthers('permissions', permissions, PERMISSIONS)
}

function checkPerson(context: AppContext, { person, attributes }: Part<'person'>): void {
  const directory = context.sync.directory()
  if (directory.person(person) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'person', id: person })
  refuseOthers('role', valuesOf(attributes, 'role'), ['guest', 'member'])
  const levels = directory.policy.levels()
  refuseOthers('clearance', valuesOf(attributes, 'clearance'), levels)
}

/** Everybody's nodes have the keys of public channels: a label there would keep nobody from reading. */
function checkLabel(context: AppContext, part: Part<'label'>): void {
  const { kind } = refuseUnknown(context, part)
  const { policy } = context.sync.directory()
  if (kind === 'public' && isRestricting(policy.levels(), part.label))
    throw new EdgeError('NOT_ALLOWED', {
      action: 'manage policy',
      found: 'a public channel, whose keys every node has',
      wanted: 'a private channel',
    })
  refuseOthers('classification', valuesOf(part.label, 'classification'), policy.levels())
}

function isRestricting(levels: readonly string[], label: Attributes): boolean {
  return (
    rankOf(levels, valuesOf(label, 'classification')) > 0 || Object.hasOwn(label, 'releasableTo')
  )
}

function refuseUnknown(
  context: AppContext,
  { channel }: { readonly channel: ChannelId },
): { readonly kind: string } {
  const known = context.sync.directory().channel(channel)
  if (known === undefined) throw new EdgeError('NOT_FOUND', { what: 'channel', id: channel })
  return known
}

function refuseOthers(field: string, found: readonly string[], known: readonly string[]): void {
  const other = found.find((one) => !known.includes(one))
  if (other !== undefined)
    throw wrong(field, other, known.length === 0 ? 'none, as no level is set' : known.join(', '))
}

function wrong(field: string, found: string, wanted: string): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, found, wanted })
}
