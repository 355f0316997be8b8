/** What our own addresses do, in a sentence each, and what they take. */
import { AuditExport, AuditQuery } from './audit.ts'
import { Folder } from './courier.ts'
import { ChecklistTick } from './checklist.ts'
import { DeliveryIds } from './delivery.ts'
import { QualityQuery } from './files.ts'
import { GapsQuery } from './gaps.ts'
import { Digits, Invitation, RequestFile } from './joining.ts'
import { Registered, Shown } from './passkeys.ts'
import { ChosenLetter, Drilled } from './pace.ts'
import { Carried, PreviewDraft, Raised } from './plan.ts'
import { Held, OnceRetention, Purge, Retention } from './purging.ts'
import { Positions, Question } from './policy.ts'
import { Hold, Share } from './release.ts'
import { Revocation } from './revoking.ts'
import { Attributes, Levels, Rule } from '#model/policy.ts'
import type { WordsByRoute } from '#server/openapi.ts'

const BYTES = 'application/octet-stream'

/** Each has an address in the table of routes; `docs.test.ts` compares them. */
export const WORDS: WordsByRoute = {
  'GET /api/holdfast/v1/status': { summary: 'How this node is.' },
  'GET /api/holdfast/v1/health': { summary: 'That this node is up, for watchers.' },
  'GET /api/holdfast/v1/ready': {
    summary: 'Whether this node can do its work: 200, or 503 when its store cannot be read.',
  },
  'GET /api/holdfast/v1/dictionaries': { summary: 'The dictionaries of channels.' },
  'POST /api/holdfast/v1/dictionaries/train': {
    summary: 'Trains dictionaries on the messages that are here.',
  },
  'GET /api/holdfast/v1/gaps': { summary: 'What is lacking here and elsewhere.', query: GapsQuery },
  'GET /api/holdfast/v1/files': { summary: 'Files on their way here, asked for first.' },
  'GET /api/holdfast/v1/files/:file': {
    summary:
      'What a file is and looks like, how much of it and of its small picture is here, and what fetching the rest takes.',
  },
  'POST /api/holdfast/v1/files/:file/fetch': {
    summary:
      'Fetches a file, or its small picture, by whatever link there is, also by a costly one.',
    query: QualityQuery,
  },
  'POST /api/holdfast/v1/files/:file/cancel': {
    summary: 'Stops fetching a file, or its small picture; what came of it goes.',
    query: QualityQuery,
  },
  'GET /api/holdfast/v1/plan': {
    summary:
      'What would leave now on links that are billed, in which order, for how much, and what waits.',
    query: Carried,
  },
  'POST /api/holdfast/v1/preview': {
    summary: 'What a message would cost on each way there is. Nothing is sent.',
    body: PreviewDraft,
  },
  'GET /api/holdfast/v1/costs': { summary: 'What links have cost, day by day.' },
  'GET /api/holdfast/v1/costs.csv': {
    summary: 'The same as a table, to be laid beside the bill of an operator.',
    gives: 'text/csv',
  },
  'POST /api/holdfast/v1/budgets/:carrier/raise': {
    summary: 'Lets a link cost more in the window at hand.',
    body: Raised,
  },
  'GET /api/holdfast/v1/pace': {
    summary: 'By which letter the messages of each rule go, why, and what proves each carrier.',
  },
  'PUT /api/holdfast/v1/pace/:rule': {
    summary: 'Sets a letter by hand; without one the links decide again.',
    body: ChosenLetter,
  },
  'POST /api/holdfast/v1/pace/drill': {
    summary: 'Sends a small probe by each carrier of the letters that are meant.',
    body: Drilled,
  },
  'GET /api/holdfast/v1/posts/:post/delivery': {
    summary: 'Where one message stands on its way, destination by destination.',
  },
  'POST /api/holdfast/v1/posts/delivery': {
    summary: 'Where several messages stand; those that the person may not read are left out.',
    body: DeliveryIds,
  },
  'POST /api/holdfast/v1/join-codes': {
    summary: 'Makes a code that lets one node in.',
    body: Invitation,
    status: 201,
  },
  'POST /api/holdfast/v1/join': {
    summary: 'The sealed request of a node that shows a code; the answer is sealed, too.',
    takes: BYTES,
    gives: BYTES,
  },
  'GET /api/holdfast/v1/joins': { summary: 'Nodes that wait for people to compare digits.' },
  'POST /api/holdfast/v1/joins/confirm': { summary: 'The digits are the same.', body: Digits },
  'POST /api/holdfast/v1/joins/refuse': { summary: 'The digits differ.', body: Digits },
  'POST /api/holdfast/v1/admissions': {
    summary: 'Lets a node in by its request file; answers with the file that it needs.',
    body: RequestFile,
  },
  'GET /api/holdfast/v1/nodes': { summary: 'The nodes of the organisation.' },
  'GET /api/holdfast/v1/nodes/:node/capture': {
    summary: 'What somebody who took that node could read.',
  },
  'POST /api/holdfast/v1/nodes/:node/revoke': {
    summary: 'Shuts a lost node out.',
    body: Revocation,
  },
  'POST /api/holdfast/v1/nodes/:node/wipe': {
    summary: 'Orders a lost node to destroy its keys.',
    status: 202,
  },
  'POST /api/holdfast/v1/nodes/:node/release': {
    summary: 'Hubs hold the release of this kit back, or allow it again.',
    body: Hold,
  },
  'POST /api/holdfast/v1/release': {
    summary: 'A kit that started locked asks for its share.',
    takes: BYTES,
    gives: BYTES,
  },
  'GET /api/holdfast/v1/release': { summary: 'Whether hubs can open this kit.' },
  'POST /api/holdfast/v1/release/share': {
    summary: 'Hands a share of this kit over to the hubs.',
    body: Share,
    status: 202,
  },
  'POST /api/holdfast/v1/release/forget': {
    summary: 'Calls the share back from the hubs.',
    status: 202,
  },
  'POST /api/holdfast/v1/lock': { summary: 'Locks this node until somebody unlocks it.' },
  'GET /api/holdfast/v1/audit': {
    summary: 'Records of audits, newest first; oldest first with `after`.',
    query: AuditQuery,
    gives: 'application/x-ndjson',
  },
  'GET /api/holdfast/v1/audit/export': {
    summary: 'An audit as the file that proves itself.',
    query: AuditExport,
    gives: BYTES,
  },
  'GET /api/holdfast/v1/courier': { summary: 'What lies on a stick.', query: Folder },
  'POST /api/holdfast/v1/courier/export': {
    summary: 'Writes what waits onto a stick.',
    body: Folder,
  },
  'POST /api/holdfast/v1/courier/import': { summary: 'Takes what lies on a stick.', body: Folder },
  'GET /api/holdfast/v1/courier/progress': {
    summary: 'What is being done with a stick now, and the folders where sticks are.',
  },
  'POST /api/holdfast/v1/courier/tray': {
    summary: 'Writes all there is into files to be carried away by a browser, and lists them.',
  },
  'GET /api/holdfast/v1/courier/tray': { summary: 'The files that wait to be carried away.' },
  'DELETE /api/holdfast/v1/courier/tray': { summary: 'Throws those files away.' },
  'GET /api/holdfast/v1/courier/tray/:file': { summary: 'One of them.', gives: BYTES },
  'POST /api/holdfast/v1/courier/take': {
    summary: 'Takes one courier file that a browser has brought; the body is the file.',
  },
  'GET /api/holdfast/v1/backup': {
    summary: 'When the store was taken last, and for whose key browsers get a backup.',
  },
  'GET /api/holdfast/v1/backup/blobs': {
    summary: 'Which files the node needs and where the bytes of each are; `nowhere` are lost here.',
  },
  'GET /api/holdfast/v1/backup/file': {
    summary: 'The whole node, sealed for the key that its config names.',
    gives: BYTES,
  },
  'GET /api/holdfast/v1/backup/store': {
    summary: 'The store as it lies on the disk, sealed, for a backup.',
    gives: BYTES,
  },
  'GET /api/holdfast/v1/passkeys': { summary: 'The passkeys of whoever asks.' },
  'POST /api/holdfast/v1/passkeys/options': {
    summary: 'What the browser needs to make a passkey.',
  },
  'POST /api/holdfast/v1/passkeys': {
    summary: 'Adds a passkey.',
    body: Registered,
    status: 201,
  },
  'DELETE /api/holdfast/v1/passkeys/:credential': { summary: 'Takes a passkey away.' },
  'POST /api/holdfast/v1/passkeys/login/options': {
    summary: 'What the browser needs to show a passkey.',
  },
  'POST /api/holdfast/v1/passkeys/login': { summary: 'Signs in with a passkey.', body: Shown },
  'POST /api/holdfast/v1/people/:user/vouch': {
    summary: 'Vouches for somebody who was enrolled at the edge.',
  },
  'GET /api/holdfast/v1/policy': { summary: 'Levels, rules, attributes and labels.' },
  'POST /api/holdfast/v1/policy/explain': {
    summary: 'Why somebody may or may not, under these rules or others.',
    body: Question,
  },
  'PUT /api/holdfast/v1/policy/levels': { summary: 'Sets the levels.', body: Levels },
  'PUT /api/holdfast/v1/policy/rules/:rule': { summary: 'Sets a rule.', body: Rule },
  'DELETE /api/holdfast/v1/policy/rules/:rule': { summary: 'Takes a rule away.' },
  'PUT /api/holdfast/v1/policy/people/:user': {
    summary: 'Sets the attributes of somebody.',
    body: Attributes,
  },
  'PUT /api/holdfast/v1/policy/positions': {
    summary: 'Sets what becomes of the place where a picture was taken, when it is handed in.',
    body: Positions,
  },
  'PUT /api/holdfast/v1/policy/channels/:channel/positions': {
    summary: 'Sets that for one channel.',
    body: Positions,
  },
  'PUT /api/holdfast/v1/policy/channels/:channel': {
    summary: 'Sets the label of a channel.',
    body: Attributes,
  },
  'GET /api/holdfast/v1/channels/:channel/purges': {
    summary:
      'What was purged of a channel: how many messages, when, why, and what became of it here.',
  },
  'POST /api/holdfast/v1/channels/:channel/purge': {
    summary: 'Orders that messages be gone on every node, and takes them away here.',
    body: Purge,
  },
  'POST /api/holdfast/v1/purge/compact': {
    summary: 'Makes this disk drop at once what was purged.',
  },
  'GET /api/holdfast/v1/keeping': { summary: 'What is held, and how long messages are kept.' },
  'PUT /api/holdfast/v1/channels/:channel/hold': {
    summary: 'Keeps a channel from being purged, or ends that.',
    body: Held,
  },
  'PUT /api/holdfast/v1/people/:user/hold': {
    summary: 'Keeps what somebody wrote from being purged, or ends that.',
    body: Held,
  },
  'PUT /api/holdfast/v1/retention': {
    summary: 'After how many days messages are purged: 0 for never, null for nothing said.',
    body: Retention,
  },
  'PUT /api/holdfast/v1/retention/shown-once': {
    summary: 'After how many days what is shown once goes, whoever has not opened it.',
    body: OnceRetention,
  },
  'POST /api/holdfast/v1/posts/:post/open': {
    summary:
      'Opens a message that is shown once: it is acknowledged, and given with what it says, for its time.',
  },
  'PUT /api/holdfast/v1/posts/:post/checklist': {
    summary: 'Ticks an item of the checklist in a message, or takes that back; gives the message.',
    body: ChecklistTick,
  },
  'PUT /api/holdfast/v1/channels/:channel/retention': {
    summary: 'The same for one channel, whatever holds for all.',
    body: Retention,
  },
  'GET /api/holdfast/v1/openapi.json': { summary: 'This description, for programs.' },
  'GET /api/holdfast/v1/docs': {
    summary: 'This description, for people.',
    gives: 'text/html',
  },
}
