// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Testing

@testable internal import OpenAIBatchSimulator

struct CursorListTests {
  private func list(_ count: Int) -> CursorList<Int> {
    var list = CursorList<Int>()
    for index in 0..<count { list.append(index, id: "\(index)") }
    return list
  }

  @Test func `pages from both ends meet every value once`() throws {
    let list = list(10)
    for newestFirst in [true, false] {
      var seen: [Int] = []
      var cursor: String?
      repeat {
        let page = try #require(list.page(after: cursor, limit: 3, newestFirst: newestFirst))
        seen += page.items.map(\.value)
        cursor = page.hasMore ? page.items.last?.id : nil
      } while cursor != nil
      #expect(seen == (newestFirst ? Array((0..<10).reversed()) : Array(0..<10)))
    }
  }

  @Test func `has more is exact`() {
    #expect(list(3).page(after: nil, limit: 3, newestFirst: true)?.hasMore == false)
    #expect(list(4).page(after: nil, limit: 3, newestFirst: true)?.hasMore == true)
    let odd = list(10).page(after: nil, limit: 5, newestFirst: true) { $0 % 2 == 1 }
    #expect(odd?.items.map(\.value) == [9, 7, 5, 3, 1])
    #expect(odd?.hasMore == false)
  }

  @Test func `an unknown cursor has no page`() {
    #expect(list(3).page(after: "x", limit: 3, newestFirst: true) == nil)
  }

  @Test func `removing keeps the order of the others`() {
    var list = list(1_000)
    for index in 0..<1_000 where index % 10 != 3 { list.remove("\(index)") }
    #expect(list.count == 100)
    #expect(list.all.map(\.value) == Array(stride(from: 3, to: 1_000, by: 10)))
    #expect(list.page(after: "503", limit: 2, newestFirst: true)?.items.map(\.value) == [493, 483])
    #expect(list["4"] == nil)
  }
}
