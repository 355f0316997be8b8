import { test } from 'tap'
import { decide, type Action, type Situation } from '#trust/access.ts'

type Facts = Partial<Omit<Situation, 'action'>>

/** Under each action: the facts of somebody who may, and for each reason those of somebody who may not. */
const TABLE: Readonly<
  Record<
    Action,
    { readonly yes: readonly Facts[]; readonly no: readonly (readonly [string, Facts])[] }
  >
> = {
  'read channel': {
    yes: [{ isMember: true }, { isPublicChannel: true }, { isMember: true, isArchived: true }],
    no: [
      ['not a member', {}],
      ['not a member', { isAdministrator: true }],
      ['not permitted', { isPublicChannel: true, isGuest: true }],
    ],
  },
  post: {
    yes: [{ isMember: true }],
    no: [
      ['not a member', { isPublicChannel: true, isAdministrator: true }],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  react: {
    yes: [{ isMember: true }],
    no: [
      ['not a member', {}],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'edit message': {
    yes: [{ isMember: true, isAuthor: true }],
    no: [
      ['not a member', { isAuthor: true }],
      ['not the author', { isMember: true, isAdministrator: true }],
      ['archived', { isMember: true, isAuthor: true, isArchived: true }],
    ],
  },
  'delete message': {
    yes: [{ isAuthor: true }, { isAdministrator: true }],
    no: [['not the author', { isMember: true }]],
  },
  'join channel': {
    yes: [{ isPublicChannel: true }],
    no: [
      ['not public', { isAdministrator: true }],
      ['not permitted', { isPublicChannel: true, isGuest: true }],
      ['archived', { isPublicChannel: true, isArchived: true }],
    ],
  },
  'send files': {
    yes: [{ isMember: true }, { isMember: true, isGuest: true }],
    no: [
      ['not a member', { isPublicChannel: true, isAdministrator: true }],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'pin message': {
    yes: [{ isMember: true }],
    no: [
      ['not a member', { isAdministrator: true }],
      ['not permitted', { isMember: true, isGuest: true }],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'manage channel': {
    yes: [{ isMember: true }],
    no: [
      ['not a member', { isAdministrator: true }],
      ['not permitted', { isMember: true, isGuest: true }],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'manage members': {
    yes: [{ isMember: true }, { isMember: true, isOwnMembership: true, isArchived: true }],
    no: [
      ['not a member', { isOwnMembership: true }],
      ['not a member', { isAdministrator: true }],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'create channel': {
    yes: [{}, { isGuest: true, channelKind: 'group' }],
    no: [['not permitted', { isGuest: true, channelKind: 'private' }]],
  },
  'enrol person': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'invite node': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'revoke node': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'wipe node': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'look into a capture': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  lock: {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'manage release': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'back up': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'use courier': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'read metrics': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'train dictionaries': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'manage budget': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'manage letters': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'mention channel': {
    yes: [{ isMember: true }],
    no: [
      ['not a member', {}],
      ['archived', { isMember: true, isArchived: true }],
    ],
  },
  'manage member roles': {
    yes: [{ isMember: true, isChannelAdministrator: true }],
    no: [
      ['not a member', { isAdministrator: true }],
      ['not permitted', { isMember: true }],
    ],
  },
  'read policy': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'make webhook': { yes: [{}], no: [['not permitted', { isGuest: true }]] },
  'manage policy': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'purge messages': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'hold messages': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'manage administrators': {
    yes: [{ isAdministrator: true, subject: { clearance: 'secret' } }],
    no: [
      ['not an administrator', { isMember: true, isAuthor: true }],
      [
        'not an administrator',
        { isAdministrator: true, isGuest: true, subject: { role: 'guest' } },
      ],
      [
        'not an administrator',
        { isAdministrator: true, subject: { organisation: 'redcross', role: 'member' } },
      ],
    ],
  },
  'manage accounts': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
  'read audit': {
    yes: [{ isAdministrator: true }],
    no: [['not an administrator', { isMember: true, isAuthor: true }]],
  },
}

for (const [name, { yes, no }] of Object.entries(TABLE)) {
  const action = name as Action

  test(`${name}: whoever may, may`, async (t) => {
    for (const facts of yes)
      t.strictSame(decide({ isAdministrator: false, action, ...facts }), { ok: true })
  })

  test(`${name}: whoever may not is told why`, async (t) => {
    t.plan(no.length)
    for (const [reason, facts] of no)
      t.strictSame(decide({ isAdministrator: false, action, ...facts }), { ok: false, reason })
  })
}
