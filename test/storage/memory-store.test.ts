import { test } from 'tap'
import { openMemoryStore } from '#storage/memory-store.ts'
import { storeContract } from '../contracts/store.ts'

test('a memory store keeps the contract of stores', (t) =>
  storeContract(t, async () => openMemoryStore()))
