import { carrierContract } from '../contracts/carrier.ts'
import { openSbdPair } from '../support/sbd-pair.ts'

carrierContract('sbd, from headquarters to a kit', () => openSbdPair('hub'))
