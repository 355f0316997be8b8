/** The list of channels and conversations with what is unread, and the ways to everything else. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { hashOf, type Place } from '#web/core/address.ts'
import { inSections, otherOf, titleOf } from '#web/core/naming.ts'
import type { Channel } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { Avatar } from './avatar.tsx'
import { go, known, place, useApp } from './context.ts'
import { Icon, Mark, type IconName } from './icons.tsx'
import { NewChannel } from './new-channel.tsx'

/** The side. */
export function Sidebar(): VNode {
  const app = useApp()
  const [term, setTerm] = useState('')
  const facts = known(app)
  const all = app.store.channels.value.values()
  const wanted = term.trim().toLocaleLowerCase()
  const found = [...all].filter((one) => titleOf(one, facts).toLocaleLowerCase().includes(wanted))
  const { rooms, conversations } = inSections(found, facts)
  const first = rooms[0] ?? conversations[0]
  return (
    <nav class="side" aria-label={say('side.label')}>
      <header class="side-head">
        <Mark />
        <strong dir="auto">{app.store.workspace.value.name || 'Holdfast'}</strong>
      </header>
      <form
        role="search"
        class="find"
        onSubmit={(event) => {
          event.preventDefault()
          if (first !== undefined) go({ kind: 'channel', channelId: first.id })
          setTerm('')
        }}
      >
        <Icon name="search" />
        <input
          id="find"
          type="search"
          value={term}
          placeholder={say('side.find')}
          aria-label={say('side.find')}
          dir="auto"
          onInput={({ currentTarget }) => setTerm(currentTarget.value)}
        />
      </form>
      <div class="side-lists">
        <a
          class="entry"
          href={hashOf({ kind: 'saved' })}
          aria-current={place.value.kind === 'saved' ? 'page' : undefined}
        >
          <Icon name="save" />
          <span class="entry-name">{say('saved.title')}</span>
        </a>
        <Section title={say('side.channels')} channels={rooms} action={<NewChannel />} />
        <Section
          title={say('side.conversations')}
          channels={conversations}
          action={
            <a
              class="plain-button"
              href={hashOf({ kind: 'people' })}
              aria-label={say('side.write')}
            >
              <Icon name="plus" />
            </a>
          }
        />
      </div>
      <Foot />
    </nav>
  )
}

function Section(props: {
  readonly title: string
  readonly channels: readonly Channel[]
  readonly action: VNode
}): VNode {
  return (
    <section>
      <header class="section-head">
        <h2>{props.title}</h2>
        {props.action}
      </header>
      <ul>
        {props.channels.map((channel) => (
          <Entry key={channel.id} channel={channel} />
        ))}
      </ul>
    </section>
  )
}

const SIGNS: Readonly<Record<Channel['type'], IconName>> = {
  O: 'hash',
  P: 'lock',
  D: 'person',
  G: 'people',
}

function Entry({ channel }: { readonly channel: Channel }): VNode {
  const app = useApp()
  const facts = known(app)
  const at = place.value
  const isHere = at.kind === 'channel' && at.channelId === channel.id
  const unread = app.store.unread.value.get(channel.id) ?? 0
  const mentions = app.store.memberships.value.get(channel.id)?.mentionCount ?? 0
  return (
    <li>
      <a
        class="entry"
        href={hashOf({ kind: 'channel', channelId: channel.id })}
        aria-current={isHere ? 'page' : undefined}
        data-unread={String(unread > 0)}
      >
        {channel.type === 'D' ? (
          <Avatar userId={otherOf(channel, facts.me)} isSmall />
        ) : (
          <Icon name={SIGNS[channel.type]} />
        )}
        <span class="entry-name" dir="auto">
          {titleOf(channel, facts)}
        </span>
        {unread > 0 && (
          <span class="count" data-mention={String(mentions > 0)}>
            <span aria-hidden="true">{times().number(Math.min(unread, 999))}</span>
            <span class="unseen">{say('side.unread', { n: unread })}</span>
          </span>
        )}
      </a>
    </li>
  )
}

function Foot(): VNode {
  const app = useApp()
  const { store } = app
  const waiting = store.waiting.value.filter(({ userId }) => userId === store.me.value?.id).length
  const connection = store.connection.value
  const isAway = connection === 'away'
  const { kind } = store.standing.value
  const isOut = kind !== 'in'
  if (store.isLocked.value) return <Locked />
  return (
    <footer class="side-foot">
      <a
        class="foot-state"
        href={hashOf({ kind: 'link' })}
        data-state={connection}
        data-standing={kind}
      >
        <Icon name={isAway || isOut ? 'warning' : 'link'} />
        <span>
          {isOut && !isAway
            ? say(kind === 'out' ? 'connection.revoked' : 'connection.refused')
            : say(`connection.${connection}`)}
          {waiting > 0 && <small>{say('side.waiting', { n: waiting })}</small>}
        </span>
      </a>
      <div class="foot-ways">
        <Way to={{ kind: 'search' }} icon="search" label={say('search.title')} />
        <Way to={{ kind: 'people' }} icon="people" label={say('people.title')} />
        <Way to={{ kind: 'link' }} icon="link" label={say('link.title')} />
        {store.me.value?.isAdministrator === true && (
          <Way
            to={{ kind: 'operator', page: 'people' }}
            icon="shield"
            label={say('operator.title')}
          />
        )}
        <Way to={{ kind: 'settings' }} icon="settings" label={say('settings.title')} />
      </div>
    </footer>
  )
}

/** The node's own page, past the one that is kept here. */
function Locked(): VNode {
  return (
    <footer class="side-foot">
      <a class="foot-state" href="/?unlock" data-state="away">
        <Icon name="lock" />
        <span>{say('connection.locked')}</span>
      </a>
    </footer>
  )
}

function Way(props: {
  readonly to: Place
  readonly icon: IconName
  readonly label: string
}): VNode {
  const isHere = place.value.kind === props.to.kind
  return (
    <a class="way" href={hashOf(props.to)} aria-current={isHere ? 'page' : undefined}>
      <Icon name={props.icon} />
      <span>{props.label}</span>
    </a>
  )
}
