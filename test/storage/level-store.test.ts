import { test } from 'tap'
import { openLevelStore } from '#storage/level-store.ts'
import { storeContract } from '../contracts/store.ts'
import { collectingLog } from '../support/log.ts'

test('a level store keeps the contract of stores', (t) =>
  storeContract(t, (sub) => openLevelStore({ folder: sub.testdir(), log: collectingLog() })))
