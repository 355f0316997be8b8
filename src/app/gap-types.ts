/** A report of gaps as people and programs get it: what this node lacks, and what others lack of what is here. */
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { Lane } from '#model/precedence.ts'
import type { NodeSummary } from './types.ts'

/** What is lacking in one lane. */
export interface LaneGap {
  readonly lane: Lane
  readonly changes: number
  readonly documents: number
  /** Of the entries, before they are sealed; undefined where nobody here can know, or it was too much to look at. */
  readonly bytes: number | undefined
  /** Since when, at the most, the oldest of it is lacking, by this node's clock. */
  readonly since: Instant
}

/** Another node: what it lacks of what is here, and what it has signed for that is not here. */
export interface NodeGaps {
  readonly node: NodeSummary
  readonly lacks: readonly LaneGap[]
  /** It has signed for some of that, and says by now that it has it no more: its disk was put back or damaged. */
  readonly hasLost: boolean
  /** Changes that this node lacks and it could give. */
  readonly canGive: number
}

/** What a document is for. */
export type DocumentKind = 'keys' | 'directory' | 'settings' | 'messages' | 'audit'

/** One document of which somebody lacks something. */
export interface DocumentGap {
  readonly kind: DocumentKind
  readonly lane: Lane
  readonly channel:
    { readonly id: ChannelId; readonly kind: ChannelKind; readonly name: string } | undefined
  /** What this node lacks of it. */
  readonly lacking:
    | {
        readonly changes: number
        readonly since: Instant
        /** Damage on this node's disk took some of it. */
        readonly isDamaged: boolean
        /** Names of nodes that have signed for some of it. */
        readonly holders: readonly string[]
        /** Whom this node asked last, and when; undefined while nobody was. */
        readonly asked: { readonly at: Instant; readonly of: string } | undefined
      }
    | undefined
  readonly lackedBy: readonly {
    readonly node: string
    readonly changes: number
    readonly bytes: number | undefined
    readonly since: Instant
  }[]
}

/** Envelopes that are on this disk and of no use yet. */
export interface KeptEnvelopes {
  readonly count: number
  readonly bytes: number
  /** When the oldest of them came; 0 when there are none. */
  readonly since: Instant
}

/** Values of one kind that are lost. */
export interface LostValues {
  readonly what: string
  readonly count: number
  readonly since: Instant
}

/** One page of the report. Sums are over the documents of the page. */
export interface GapReport {
  readonly at: Instant
  /** What this node lacks, each change once, whoever has it. */
  readonly lacking: readonly LaneGap[]
  /** Nodes that lack something or could give something, by number. */
  readonly nodes: readonly NodeGaps[]
  /** Documents that may be seen by whoever asks; of the others nothing but the sums is told. */
  readonly documents: readonly DocumentGap[]
  readonly kept: {
    /** They go on from changes that have not come. */
    readonly early: KeptEnvelopes
    /** They wait for a secret, or for a certificate, which the oldest of them may never get. */
    readonly withoutKey: KeptEnvelopes
    readonly withoutCertificate: KeptEnvelopes
    /** They wait for what a dictionary is made of. */
    readonly withoutDictionary: KeptEnvelopes
  }
  /** What damage on this node's disk took and nobody can bring back, by kind of value. */
  readonly lost: readonly LostValues[]
  readonly page: number
  /** How many pages there are; at least 1. */
  readonly pages: number
}

/** A measure of the node at this moment, for programs that watch it. */
export interface Metric {
  /** Lower-case letters and underscores, with its unit; a counter ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

/** What the node tells of gaps and of itself. */
export interface Reporting {
  /** Who lacks what. Single documents are told to administrators, and to members of their channels. */
  readonly gaps: (
    subject: UserId,
    page: { readonly page: number; readonly limit: number },
  ) => Promise<GapReport>
  /** Only administrators. @throws EdgeError NOT_ALLOWED */
  readonly metrics: (subject: UserId) => Promise<readonly Metric[]>
}
