/**
 * Every key in the store but those of `search-marks.ts`, `kept-keys.ts` and `file-records.ts`: the lists are the disk format. Values
 * are MessagePack unless the line says otherwise.
 * No key holds text a person wrote or a name they chose. Numbers are padded so that key order is number order.
 */
import type {
  ActorId,
  ChannelId,
  DocumentId,
  Instant,
  NodeId,
  PostId,
  Trail,
  UserId,
} from '#base/ids.ts'
import type { MessagePlace } from '#codec/message-names.ts'
import { laneOfDocument } from '#model/document-id.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Range } from '#ports/store.ts'
import type { Wait } from './records.ts'

/** A number as 15 decimal digits. */
export function padded(number: number): string {
  return String(Math.max(0, number)).padStart(15, '0')
}

/** The range of all keys that begin with `prefix`, which ends with a slash. */
export function within(prefix: string): Range {
  return { from: prefix, to: `${prefix.slice(0, -1)}0` }
}

/** Makers of keys. */
export const key = {
  /** DocumentRecord: what a replica has of a document. */
  document: (id: DocumentId) => `doc/${id}`,
  /** Automerge's own bytes. */
  snapshot: (id: DocumentId) => `snap/${id}`,
  /** One change chunk, in the order of arrival; Automerge's own bytes. */
  loose: (id: DocumentId, index: number) => `loose/${id}/${padded(index)}`,
  /** What proves this change of this actor: its node's signature, and 24 bytes more where a note was signed with it. */
  attestation: (id: DocumentId, actor: ActorId, seq: number) => `att/${id}/${actor}/${padded(seq)}`,
  /** SegmentRecord: the newest segment of a channel's lane. */
  segment: (channel: ChannelId, lane: Lane) => `seg/${channel}/${laneNumber(lane)}`,
  /** KeptRecord: an envelope that waits for earlier changes of a document. */
  waiting: (id: DocumentId, hash: string) => `wait/${id}/${hash}`,
  /** KeptRecord: an envelope that waits for a secret, a certificate or a dictionary, from whom, and since when. */
  parked: (wait: Wait, holder: PeerId | '', { since, hash }: { since: Instant; hash: string }) =>
    `park/${wait}/${holder}/${padded(since)}.${hash}`,
  /** ParkedCounts: how many of those there are. */
  parkedCounts: 'parked',

  /** PeerRecord: somebody we have been in contact with. */
  peer: (peer: PeerId) => `peer/${peer}`,
  /** Clock: what the peer holds of a document. */
  has: (peer: PeerId, id: DocumentId) => `has/${peer}/${id}`,
  /** OutboxRecord: the peer lacks something of a document. */
  outbox: (peer: PeerId, lane: Lane, id: DocumentId) => `out/${peer}/${laneNumber(lane)}/${id}`,
  /** NoteRecord: a signed note, our own or somebody's receipt, that waits for this peer. */
  note: (peer: PeerId, hash: string) => `note/${peer}/${hash}`,
  /** ParcelRecord: sealed, numbered, not yet answered. */
  parcel: (peer: PeerId, lane: Lane, number: number) =>
    `fly/${peer}/${laneNumber(lane)}/${padded(number)}`,
  /** ForkRecord: the actor's node signed two changes under one number, or a hub says what it held. */
  fork: (id: DocumentId, actor: ActorId) => `fork/${id}/${actor}`,
  /** CutRecord: a change that was cut off a list which forked. */
  cut: (id: DocumentId, actor: ActorId, at: { readonly seq: number; readonly trail: Trail }) =>
    `cut/${id}/${actor}/${padded(at.seq)}/${at.trail}`,
  /** AskedRecord: we asked this peer for an actor's whole list, as what somebody said of it is not what we have. */
  asked: (peer: PeerId, id: DocumentId, about: { readonly actor: ActorId; readonly by: NodeId }) =>
    `asked/${peer}/${id}/${about.actor}/${about.by}`,
  /** SealingSeedRecord: a sealing key of ours, by its name. */
  sealingSeed: (name: string) => `seal/${name}`,
  /** 32 bytes: what the owner of this pair shares with whom it was made for; we are one of them. */
  pairSecret: (actor: ActorId, seq: number) => `pair/${actor}/${padded(seq)}`,
  /** EpochRecord: an epoch whose secret we hold. */
  epoch: (id: string) => `epoch/${id}`,
  /** EpochRecord, once more: a secret that damage took could not be made again, and nobody might wrap an old one again. */
  spareEpoch: (id: string) => `epoch-spare/${id}`,
  /** ShareRecord: half of what opens another node, which this hub keeps. */
  share: (id: string, node: NodeId) => `share/${id}/${node}`,
  /** OwnShareRecord: the share that opens this node, for hubs that come later. */
  ownShare: 'own-share',
  /** HoldRecord: what an operator of this hub decided about releasing a node. */
  hold: (node: NodeId) => `hold/${node}`,
  /** The next parcel's number. */
  nextNumber: (peer: PeerId, lane: Lane) => `next/${peer}/${laneNumber(lane)}`,
  /** A receipt for this document is owed to this peer since the Instant in the value. */
  owed: (peer: PeerId, id: DocumentId) => `owe/${peer}/${id}`,
  /** ReceiptRecord: what a node said it has of a document. */
  receipt: (node: NodeId, id: DocumentId) => `got/${node}/${id}`,
  /** SaidRecord: somebody's signed receipt, kept while it is the newest for some document. */
  said: (hash: string) => `said/${hash}`,
  /** Clock: what of a document somebody here has had on a screen. */
  seenHere: (id: DocumentId) => `read/${id}`,
  /** DepartureRecord: our changes up to `seq` left by a carrier. */
  departure: (id: DocumentId, actor: ActorId, seq: number) => `left/${id}/${actor}/${padded(seq)}`,
  /** A message of ours has to be at headquarters before this running time. */
  due: (atMs: number, { document, actor, seq }: MessagePlace) =>
    `due/${padded(atMs)}/${document}/${actor}/${padded(seq)}`,
  /** LateRecord: it was not. */
  late: (lane: Lane, { document, actor, seq }: MessagePlace) =>
    `late/${laneNumber(lane)}/${document}/${actor}/${padded(seq)}`,
  /** OverdueCounts: how many of those there are. */
  lateCounts: 'late',
  /** RunningTimeRecord. */
  runningTime: 'time',
  /** TrainedRecord: when this hub last looked for better dictionaries. */
  trained: 'trained',

  /** Number of the last of an own actor's changes of a document that was ever put into an envelope. */
  sent: (id: DocumentId, actor: ActorId) => `sent/${id}/${actor}`,
  /** Raw bytes: prints of our own changes of a document, a page of them (`prints.ts`). */
  prints: (id: DocumentId, actor: ActorId, page: number) => `print/${id}/${actor}/${padded(page)}`,
  /** Since when somebody has named what is not the same here of a list of ours, or not here. */
  doubtful: (id: DocumentId) => `unlike/${id}`,
  /** RebornRecord: this node was put back to an earlier state; the life that it names must end. */
  reborn: 'reborn',
  /** AsideRecord: a change of an earlier life that others may know as another one. */
  aside: (id: DocumentId, actor: ActorId, seq: number) => `aside/${id}/${actor}/${padded(seq)}`,
  /** The id of a message that was written again in a new life. */
  moved: (id: PostId) => `moved/${id}`,
  /** HoleRecord: damage took some of this document; it is asked for. */
  hole: (id: DocumentId) => `hole/${id}`,
  /** Since when others may lack some of a document that changed here: an Instant. A report of gaps takes it away. */
  uneven: (lane: Lane, id: DocumentId) => `uneven/${laneNumber(lane)}/${id}`,
  /** AnnouncedRecord: nodes have signed for more of a document than is here. */
  announced: (id: DocumentId) => `more/${id}`,
  /** LessRecord: a node says that it holds less of a document than it has signed for. */
  less: (node: NodeId, id: DocumentId) => `less/${node}/${id}`,
  /** LivesRecord: in which life a node spoke last. */
  lives: (node: NodeId) => `lives/${node}`,
  /** QuestionRecord: whom we asked last for what we lack of a document. */
  question: (id: DocumentId) => `ask/${id}`,
  /** Content: a certificate or an order, which mostly stands in the keys document, too (`spare.ts`). */
  spare: (name: string) => `spare/${name}`,
  /** A value of this name was found damaged: what follows from that is still to be done (`remedies.ts`). */
  damage: (name: string) => `damage/${name}`,
  /** LostRecord: how many values of a kind damage took that nobody can bring back. */
  lost: (part: string) => `lost/${part}`,
  /** Bytes of a damaged document as they were found: nobody reads them but a person who wants to know. */
  broken: (id: DocumentId, index: number) => `broken/${id}/${padded(index)}`,

  /** MessageRecord. */
  message: (id: PostId) => `view/post/${id}`,
  /** Order of a channel's messages; the value is the id. */
  order: (channel: ChannelId, place: string) => `view/order/${channel}/${place}`,
  /** Order of a thread's replies; the value is the id. */
  thread: (root: PostId, place: string) => `view/thread/${root}/${place}`,
  /** Messages by when this node's picture of them changed; the value is the id. */
  changed: (channel: ChannelId, at: number, id: PostId) =>
    `view/changed/${channel}/${padded(at)}/${id}`,
  /** OrphanRecord: an edit, deletion or reaction that came before its message. */
  orphan: (target: PostId, place: string) => `view/orphan/${target}/${place}`,
  /** Amendment: a deletion whose author may not delete, as far as is known here. */
  held: (author: UserId, target: PostId, place: string) => `view/held/${author}/${target}/${place}`,
  /** ChannelRecord: settings and counts. */
  channel: (id: ChannelId) => `view/channel/${id}`,
  /** ClocksRecord: whose time is believed in the channel. */
  clocks: (channel: ChannelId) => `view/clocks/${channel}`,
  /** ObjectionRecord: a post objects to the time of a node, up to an instant. */
  objection: (
    channel: ChannelId,
    node: string,
    { until, id }: { readonly until: Instant; readonly id: PostId },
  ) => `view/objection/${channel}/${node}/${padded(until)}.${id}`,
  /** Its objections, by whose post it is and where that stands. */
  objecting: (
    channel: ChannelId,
    node: string,
    { at, id }: { readonly at: Instant; readonly id: PostId },
  ) => `view/objecting/${channel}/${node}/${padded(at)}.${id}`,
  /** The id of a message that does not stand at the place it says. */
  sunk: (
    channel: ChannelId,
    node: string,
    { placeAt, id }: { readonly placeAt: Instant; readonly id: PostId },
  ) => `view/sunk/${channel}/${node}/${padded(placeAt)}.${id}`,
  /** ViewedRecord: how far a person has read a channel. */
  viewed: (person: UserId, channel: ChannelId) => `view/seen/${person}/${channel}`,
  /** The message a client's pending id became; never expires. */
  pending: (person: UserId, pendingHash: string) => `once/${person}/${pendingHash}`,
  /** When a person sent the newest messages of a lane that has an allowance, in running time. */
  allowance: (person: UserId, lane: Lane) => `allow/${person}/${laneNumber(lane)}`,
  /** AccountRecord: the password of somebody enrolled here. */
  account: (person: UserId) => `acct/${person}`,
  /** TotpRecord: a person's second factor. */
  secondFactor: (person: UserId) => `totp/${person}`,
  /** PasskeyRecord, by the hash of the credential's id. */
  passkey: (credentialHash: string) => `pass/${credentialHash}`,
  /** AccessTokenRecord, by its id. */
  accessToken: (id: string) => `pat/${id}`,
  /** OriginRecord: which source outside vouches for somebody enrolled here. */
  origin: (person: UserId) => `from/${person}`,
  /** The person whom a source outside knows by a name with this hash. */
  outsider: (subjectHash: string) => `outside/${subjectHash}`,
  /** SessionRecord, by the hash of its token. */
  session: (tokenHash: string) => `sess/${tokenHash}`,
  /** A client's setting. */
  preference: (person: UserId, nameHash: string) => `pref/${person}/${nameHash}`,
  /** PieceRecord: where this node's audit goes on. */
  auditPiece: 'audit/piece',
  /** Why this node began a new life, as REASONS has it, until that stands in its audit. */
  auditNewLife: 'audit/new-life',
  /** What the node was set to do when it started last: 32 bytes, a hash. */
  auditPolicy: 'audit/policy',
  /** How many AuditRecords there are. */
  auditNewest: 'audit/newest',
  /** How far a reader of all audits, such as a SIEM, has been served: a number of an AuditRecord. */
  auditCursor: (reader: string) => `audit/cursor/${reader}`,
  /** AuditRecord, in the order in which they came to this node, from 1. */
  auditRecord: (number: number) => `view/audit/${padded(number)}`,
  /** JoinCodeRecord, by the first 8 bytes of the code's hash. */
  joinCode: (id: string) => `join/${id}`,
} as const

/** How many departures after a change may have been answered for before its own: all that were in flight. */
const DEPARTURES_LOOKED_AT = 64

/** Ranges that are walked as a whole. */
export const range = {
  documents: within('doc/'),
  loose: (id: DocumentId) => within(`loose/${id}/`),
  looseBetween: (
    id: DocumentId,
    { looseFrom, looseTo }: { readonly looseFrom: number; readonly looseTo: number },
  ): Range => ({ from: key.loose(id, looseFrom), to: key.loose(id, looseTo) }),
  attestations: (id: DocumentId, actor: ActorId) => within(`att/${id}/${actor}/`),
  waiting: (id: DocumentId) => within(`wait/${id}/`),
  allWaiting: within('wait/'),
  parked: within('park/'),
  parkedFor: (wait: Wait) => within(`park/${wait}/`),
  /** `<wait>/<peer>`, as in ParkedCounts. */
  parkedOf: (share: string) => within(`park/${share}/`),
  peers: within('peer/'),
  forks: within('fork/'),
  forksIn: (id: DocumentId) => within(`fork/${id}/`),
  sealingSeeds: within('seal/'),
  epochs: within('epoch/'),
  shares: within('share/'),
  sharesCalled: (id: string) => within(`share/${id}/`),
  outbox: (peer: PeerId) => within(`out/${peer}/`),
  notes: (peer: PeerId) => within(`note/${peer}/`),
  parcels: (peer: PeerId) => within(`fly/${peer}/`),
  has: (peer: PeerId) => within(`has/${peer}/`),
  owed: (peer: PeerId) => within(`owe/${peer}/`),
  asked: (peer: PeerId) => within(`asked/${peer}/`),
  aside: (id: DocumentId) => within(`aside/${id}/`),
  allAside: within('aside/'),
  holes: within('hole/'),
  uneven: within('uneven/'),
  doubtful: within('unlike/'),
  announced: within('more/'),
  broken: (id: DocumentId) => within(`broken/${id}/`),
  damage: within('damage/'),
  lost: within('lost/'),
  spares: within('spare/'),
  pending: (person: UserId) => within(`once/${person}/`),
  departures: (id: DocumentId, actor: ActorId, fromSeq: number): Range => ({
    from: key.departure(id, actor, fromSeq),
    to: within(`left/${id}/${actor}/`).to,
    limit: DEPARTURES_LOOKED_AT,
  }),
  due: within('due/'),
  dueBefore: (atMs: number): Range => ({ from: 'due/', to: `due/${padded(atMs)}` }),
  allLate: within('late/'),
  late: (id: DocumentId) => within(`late/${laneNumber(laneOfDocument(id))}/${id}/`),
  segmentsOf: (channel: ChannelId): Range => ({
    from: `doc/s.${channel}.`,
    to: `doc/s.${channel}/`,
  }),
  order: (channel: ChannelId) => within(`view/order/${channel}/`),
  thread: (root: PostId) => within(`view/thread/${root}/`),
  objectionsIn: (channel: ChannelId) => within(`view/objection/${channel}/`),
  objections: (channel: ChannelId, node: string, from: Instant): Range => ({
    from: `view/objection/${channel}/${node}/${padded(from)}`,
    to: within(`view/objection/${channel}/${node}/`).to,
  }),
  objectingIn: (channel: ChannelId) => within(`view/objecting/${channel}/`),
  /** Until a place, that included. */
  objecting: (channel: ChannelId, node: string, until: Instant): Range => ({
    from: within(`view/objecting/${channel}/${node}/`).from,
    to: `view/objecting/${channel}/${node}/${padded(until + 1)}`,
  }),
  sunkIn: (channel: ChannelId) => within(`view/sunk/${channel}/`),
  sunk: (channel: ChannelId, node: string) => within(`view/sunk/${channel}/${node}/`),
  changed: (channel: ChannelId) => within(`view/changed/${channel}/`),
  allOrphans: within('view/orphan/'),
  orphans: (target: PostId) => within(`view/orphan/${target}/`),
  held: (author: UserId) => within(`view/held/${author}/`),
  allHeld: within('view/held/'),
  sessions: within('sess/'),
  accounts: within('acct/'),
  passkeys: within('pass/'),
  accessTokens: within('pat/'),
  preferences: (person: UserId) => within(`pref/${person}/`),
  joinCodes: within('join/'),
  auditRecords: within('view/audit/'),
  receipts: (node: NodeId) => within(`got/${node}/`),
} as const
