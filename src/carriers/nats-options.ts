/** What the NATS carrier has to be told, and the parts of the node it uses. */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'

/** TLS towards the server. All files are PEM. */
export interface NatsTls {
  /** Certificate authority of the server; without it the system's are trusted. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** Name in the server's certificate. Needed when an IP address is dialled. */
  readonly serverName?: string | undefined
}

/** How to get into the server. Files are read anew at every dial, so a new password needs no restart. */
export interface NatsAccess {
  readonly tls?: NatsTls | undefined
  readonly user?: string | undefined
  readonly passwordFile?: string | undefined
  readonly nkeySeedFile?: string | undefined
  /** How long an attempt to connect may go on without a byte coming in, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** Who writes where. */
export interface NatsAddress {
  /** 1 to 3 letters or digits; also the name of the stream. */
  readonly workspace: string
  /** This node in subjects, in base 36; the same as the name in its certificate for the server. */
  readonly nodeNumber: number
  /** 4 to 8 characters of base64url: this life of the node's store. All lives of a node use the same length. */
  readonly epoch: string
}

/** What the streams are like where this node makes them. */
interface NatsStream {
  /** Room for envelopes, in bytes. A full stream refuses; it never drops. */
  readonly streamBytesMax: number
  /** Room for pieces of files, in bytes. When it is full the oldest goes: it can be asked for again. */
  readonly fileStreamBytesMax: number
  /** How long a stream keeps an envelope, in milliseconds. */
  readonly streamAgeMaxMs: number
  /** Copies in a cluster: 1 unless given. More than 1 only on servers from 2.12.3 (research/nats.md 2). */
  readonly streamReplicas?: number | undefined
}

/** Everything about one post office. */
export interface NatsOptions extends NatsAccess, NatsAddress, NatsStream {
  /** In words shown to people. The post office is the peer `post:<name>`. */
  readonly name: string
  /** Tried in this order, each as `nats://host:port` or `tls://host:port`. */
  readonly servers: readonly string[]
  /** Whether this node makes the streams and keeps their settings right. One hub does. */
  readonly provision: boolean
  /** Longest wait between two attempts to connect, in milliseconds. */
  readonly backOffMaxMs: number
  /** See `Carrier.receiptDelayMs`. */
  readonly receiptDelayMs: number
  /** Before the carrier's own keys in the store, for example `carrier/nats/`. */
  readonly keyPrefix: string
  /** No line is dialled before somebody asks for one. */
  readonly isOnDemand?: boolean
  /** Least time after which an answer counts as overdue: 4,000 ms unless given (research/nats.md 4d). */
  readonly patienceMs?: number | undefined
  /** Asks an idle line for life after this many milliseconds. Never unless given: idle costs nothing. */
  readonly idleProbeMs?: number | undefined
}

/** The parts of the node the carrier uses. */
export interface NatsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: Store
}
