/**
 * The LAN peer carrier: two nodes directly, over one WebSocket, with no server between them. Also kit to hub over any IP path.
 *
 * This file only connects the parts: dialling (lan-dial), sessions (lan-session), peers (lan-peer). Custody is the peer's own
 * word, given inside a session whose keys only the two nodes have.
 */
import { WebSocket } from 'ws'
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Arrival, Carrier, Contact } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Identity } from '#trust/identity.ts'
import { keepDialling, type DialEnd } from './lan-dial.ts'
import { FRAME_BYTES_MAX } from './lan-message.ts'
import { openLanPeer, type LanPeer } from './lan-peer.ts'
import { openQueue, type Queue } from './lan-queue.ts'
import { openLanSession, type LanSession, type SessionTask } from './lan-session.ts'
