// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import OpenAIBatch

@Suite struct CustomIDTableTests {
  /// Hashes from all different to all the same; whatever they are, the answers must be right.
  @Test(arguments: [UInt64.max, 0xFFFF_FF00_0000_00FF, 0xFFFF_0000_0000_0000, 0xFF, 0])
  func findsEachIDOnceWhateverTheHashes(mask: UInt64) {
    let count = mask == .max ? 200_000 : 2_000
    var table = CustomIDTable()
    var asked = 0
    for round in 0..<2 {
      for id in 1...count {
        // Places of the second round are new; the table must give those of the first.
        let place = Int64(id + round * count)
        let hash = UInt64(id) &* 0x9E37_79B9_7F4A_7C15 & mask
        let earlier = table.insert(hash: hash, place: place) { other in
          asked += 1
          return other == Int64(id)
        }
        #expect(earlier == (round == 0 ? nil : Int64(id)))
      }
    }
    if mask == .max { #expect(asked < count + 100) }
  }

  @Test func keepsPlacesUpToTheEnd() {
    var table = CustomIDTable()
    let last = CustomIDTable.endOfPlaces - 1
    #expect(table.insert(hash: .max, place: last) { _ in true } == nil)
    #expect(table.insert(hash: .max, place: 1) { $0 == last } == last)
    #expect(table.insert(hash: 0, place: 2) { _ in true } == nil)
  }

  @Test func aFailedQuestionIsPassedOn() throws {
    struct Broken: Error {}
    var table = CustomIDTable()
    _ = table.insert(hash: 7, place: 1) { _ in true }
    #expect(throws: Broken.self) {
      try table.insert(hash: 7, place: 2) { _ throws(Broken) in throw Broken() }
    }
  }
}
