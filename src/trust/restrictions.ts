/** What labels and rules take away of what somebody may by their role. Part of the one decision in `access.ts`. */
import { rankOf, whyAbove } from '#model/label.ts'
import { valuesOf, type Attributes } from '#model/policy.ts'
import type { Check, Situation } from './access.ts'
import { describe, evaluate, type Facts } from './condition.ts'

/** The label of the channel, and that of a message that is to stand in it. */
export function byLabel(situation: Situation): readonly Check[] {
  const { channel, policy, message } = situation
  if (channel === undefined || policy === undefined) return []
  const levels = policy.levels()
  const checks = [...clearanceOf(situation, levels), ...releaseOf(situation)]
  if (message === undefined) return checks
  const above = whyAbove(levels, message, channel)
  const told = { check: 'label', needs: 'a message that its channel may hold' } as const
  if (above === undefined) return [...checks, { ...told, ok: true }]
  const shortfall = {
    attribute: `message.${above}`,
    found: valuesOf(message, above).join(', '),
    wanted: `as the channel's: ${valuesOf(channel, above).join(', ') || 'none'}`,
  }
  return [...checks, { ...told, ok: false, reason: 'label too high', shortfalls: [shortfall] }]
}

function clearanceOf({ subject = {}, channel }: Situation, levels: readonly string[]): Check[] {
  const wanted = valuesOf(channel, 'classification')
  if (wanted.length === 0) return []
  const found = valuesOf(subject, 'clearance')
  const own = rankOf(levels, found)
  const needs = `clearance of at least ${wanted.join(', ')}`
  if (own !== Infinity && own >= rankOf(levels, wanted))
    return [{ check: 'label', ok: true, needs }]
  const shortfall = { attribute: 'subject.clearance', found: found.join(', '), wanted: needs }
  return [{ check: 'label', ok: false, reason: 'not cleared', needs, shortfalls: [shortfall] }]
}

/** The partner organisations that somebody is of, by their attributes. Who is of no organisation is of our own. */
export function organisationsOf(subject: Attributes | undefined): readonly string[] {
  return valuesOf(subject, 'organisation')
}

/** A guest by their role, or of a partner without anybody having said that they are a member all the same. */
export function isGuestBy(subject: Attributes | undefined): boolean {
  const roles = valuesOf(subject, 'role')
  const isPartners = organisationsOf(subject).length > 0
  return roles.includes('guest') || (isPartners && !roles.includes('member'))
}

/** Of our own, and no guest: nobody else ever administers, whoever says that they do. */
export function isOurs(subject: Attributes | undefined): boolean {
  return !isGuestBy(subject) && organisationsOf(subject).length === 0
}

function releaseOf({ subject, channel }: Situation): Check[] {
  const found = organisationsOf(subject)
  if (channel === undefined || !Object.hasOwn(channel, 'releasableTo') || found.length === 0)
    return []
  const allowed = valuesOf(channel, 'releasableTo')
  const needs = `an organisation among ${allowed.join(', ') || 'our own'}`
  if (found.every((one) => allowed.includes(one))) return [{ check: 'label', ok: true, needs }]
  const shortfall = { attribute: 'subject.organisation', found: found.join(', '), wanted: needs }
  return [{ check: 'label', ok: false, reason: 'not releasable', needs, shortfalls: [shortfall] }]
}

/** The rules of the policy that speak of this action. */
export function byRules(situation: Situation): readonly Check[] {
  const { action, policy, environment = {} } = situation
  if (policy === undefined) return []
  const facts: Facts = {
    subject: { ...situation.subject, role: roleOf(situation) },
    channel: situation.channel ?? {},
    message: { ...situation.channel, ...situation.message },
    environment: environment === 'any' ? undefined : environment,
    levels: policy.levels(),
  }
  return policy.rules().flatMap(({ name, rule }): readonly Check[] => {
    if (rule === 'unreadable') return unreadable(situation, name)
    if (!rule.actions.includes('*') && !rule.actions.includes(action)) return []
    const applies = rule.when === undefined || evaluate(rule.when, facts).holds === true
    if (!applies) return [] // or it is not known whether it does
    const { holds, shortfalls } = evaluate(rule.require, facts)
    const told = { check: 'rule', rule: name, needs: describe(rule.require) } as const
    return holds === false
      ? [{ ...told, ok: false, reason: 'rule', shortfalls }]
      : [{ ...told, ok: true }]
  })
}

/** What this version cannot read forbids: but administrators may, or nobody could mend it, and keys go on. */
function unreadable({ isAdministrator, environment }: Situation, rule: string): readonly Check[] {
  if (isAdministrator || environment === 'any') return []
  const needs = 'a newer version of this node, which can read the rule'
  return [{ check: 'rule', ok: false, reason: 'rule', rule, needs }]
}

function roleOf({ isAdministrator, isGuest }: Situation): string {
  if (isGuest === true) return 'guest'
  return isAdministrator ? 'administrator' : 'member'
}
