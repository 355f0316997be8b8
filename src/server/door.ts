/** What every route of the door holds: the node behind it, and what the door itself keeps. */
import type { EdgeNode } from '#app/node.ts'
import type { UserId } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { OpenIdProvider } from '#ports/people-source.ts'
import type { Random } from '#ports/random.ts'
import type { Tray } from '#ports/tray.ts'
import type { DeliveryWatch } from './delivery-watch.ts'
import type { Announcement } from './live-text.ts'
import type { Logins } from './login.ts'
import type { People } from './people.ts'
import type { Presence } from './presence.ts'
import type { Workspace } from './rest/shapes.ts'
import type { Doorkeeper } from './session.ts'
import type { ServerTls } from './tls.ts'
import type { WebFile } from './web.ts'

/** What our client keeps in a browser, and how it is locked there: the section `browser` of a config. */
export interface BrowserRules {
  readonly lock: 'offered' | 'required'
  readonly lockAfterMinutes: number
  readonly lockTriesMax: number
  readonly endedSessionForgets: 'read' | 'everything'
  readonly files: 'saved' | 'viewed'
}

/** How the door is set up. */
export interface ServerOptions {
  /** A name or address of this machine, for example `0.0.0.0`. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** The address people use, when a proxy stands in front. */
  readonly siteUrl?: string
  /** DNS names that are this node's alone; passkeys are made for them. None unless given. */
  readonly names?: readonly string[]
  /** The Mattermost version that is reported to clients: `10.11.0` satisfies all that are known. */
  readonly version: string
  /** Without it the door speaks plain HTTP only. */
  readonly tls?: ServerTls | undefined
  /** What devices hear that ask by plain HTTP whether they are online; they are not answered unless given. */
  readonly captivePortal?: 'online' | 'page' | undefined
  /** The web client, where it was built. */
  readonly web?: readonly WebFile[] | undefined
  /** What the organisation wants of it in people's browsers; told in `status`. */
  readonly browser?: BrowserRules | undefined
}

/** What people carry away by their browser. */
export interface Carriage {
  /** Folders of this machine where sticks are: the section `courier` of a config. */
  readonly folders: readonly string[]
  readonly tray: Tray
  /** A whole backup of the node, sealed for somebody's public key; undefined where no key is set. */
  readonly backup?:
    | {
        readonly recipient: string
        readonly take: (subject: UserId) => Promise<AsyncIterable<Uint8Array>>
      }
    | undefined
}

/** Effects and the node. The server closes none of them. */
export interface ServerPorts {
  readonly node: EdgeNode
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** What browsers carry; nothing unless given. */
  readonly carriage?: Carriage | undefined
  /** Where people of the organisation sign in, if there is such a place. */
  readonly openId?: OpenIdProvider | undefined
  /** Closes the node and forgets its keys. Without it the node cannot be locked. */
  readonly onLock?: () => void
  /** Whether somebody could unlock it again, as it is now; yes unless given. */
  readonly canLock?: () => Promise<boolean>
  /** Told of every request by which a person shows to be there. */
  readonly onUse?: () => void
}

/** One open door. */
export interface Door extends ServerPorts {
  readonly options: ServerOptions
  readonly workspace: Workspace
  /** This node's own name and id. */
  readonly nodeName: string
  readonly nodeId: string
  /** Of this program; `options.version` is what Mattermost's clients are told. */
  readonly nodeVersion: string
  readonly people: People
  readonly presence: Presence
  readonly delivery: DeliveryWatch
  readonly doorkeeper: Doorkeeper
  readonly logins: Logins
  readonly announce: (announcement: Announcement) => void
}
