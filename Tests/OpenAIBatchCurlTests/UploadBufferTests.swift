// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

struct UploadBufferTests {
  private typealias Buffer = UploadBuffer<Int>

  private func bytes(_ take: Buffer.Take) -> ArraySlice<UInt8>? {
    if case .bytes(let bytes, _) = take { bytes } else { nil }
  }

  @Test func theSourceWaitsForItsTurn() {
    var buffer = Buffer()
    guard case .wait = buffer.room() else { return #expect(Bool(false)) }
    #expect(buffer.waitForRoom(1) == nil)
    #expect(buffer.start() == 1)
    guard case .available = buffer.room() else { return #expect(Bool(false)) }
    #expect(buffer.waitForRoom(2) == 2)
  }

  @Test func theEngineIsSignalledOncePerWait() {
    var buffer = Buffer()
    _ = buffer.start()
    #expect(buffer.push([1]) == true)
    #expect(buffer.push([2]) == false)
    #expect(bytes(buffer.take()) == [1, 2])
    guard case .starved = buffer.take() else { return #expect(Bool(false)) }
    #expect(buffer.push([3]) == true)
    #expect(buffer.finish(.success(())) == false)
    #expect(bytes(buffer.take()) == [3])
    guard case .end = buffer.take() else { return #expect(Bool(false)) }
  }

  @Test func smallPiecesAreJoined() {
    var buffer = Buffer()
    _ = buffer.start()
    var given: [UInt8] = []
    for piece in 0..<40_000 {
      let chunk = [UInt8](repeating: UInt8(truncatingIfNeeded: piece), count: 1 + piece % 3)
      given += chunk
      _ = buffer.push(chunk[...])
    }
    _ = buffer.push([UInt8](repeating: 7, count: 100_000)[...])
    given += [UInt8](repeating: 7, count: 100_000)
    var taken: [UInt8] = []
    var pieces = 0
    while case .bytes(let bytes, _) = buffer.take() {
      taken += bytes
      pieces += 1
    }
    #expect(taken == given)
    #expect(pieces < 8)
  }

  @Test func theEndAloneSignals() {
    var buffer = Buffer()
    _ = buffer.start()
    #expect(buffer.finish(.success(())) == true)
    #expect(buffer.finish(.success(())) == false)
    guard case .end = buffer.take() else { return #expect(Bool(false)) }
  }

  @Test func aFullBufferStopsTheSourceUntilTheLowMark() {
    var buffer = Buffer()
    _ = buffer.start()
    let piece = [UInt8](repeating: 0, count: 128 << 10)[...]
    var pushed = 0
    while case .available = buffer.room() {
      _ = buffer.push(piece)
      pushed += piece.count
    }
    #expect(pushed == Buffer.highMark)
    #expect(buffer.waitForRoom(9) == nil)
    var left = pushed
    while left > 0 {
      guard case .bytes(let bytes, let waiter) = buffer.take() else { return #expect(Bool(false)) }
      left -= bytes.count
      #expect((waiter == 9) == (left == Buffer.lowMark - piece.count))
    }
  }

  @Test func aFailureComesBeforeWhatIsLeft() {
    var buffer = Buffer()
    _ = buffer.start()
    _ = buffer.push([1])
    _ = buffer.finish(.failure(TransportFailure(.body, "")))
    #expect(buffer.failure?.kind == .body)
    guard case .failed(let failure) = buffer.take() else { return #expect(Bool(false)) }
    #expect(failure.kind == .body)
  }

  @Test func closingSendsTheSourceHome() {
    var buffer = Buffer()
    #expect(buffer.waitForRoom(4) == nil)
    #expect(buffer.close() == 4)
    guard case .closed = buffer.room() else { return #expect(Bool(false)) }
    #expect(buffer.push([1]) == false)
    #expect(buffer.finish(.success(())) == false)
    #expect(buffer.waitForRoom(5) == 5)
  }
}
