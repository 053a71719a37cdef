// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchModels
import Testing

struct SHA256Tests {
  /// FIPS 180-4 examples of NIST.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func vectors(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
  }

  @Test(arguments: [63, 64, 65, 4099, 1 << 20])
  func aMillionLetters(part: Int) {
    let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    var hash = SHA256()
    for start in stride(from: 0, to: letters.count, by: part) {
      hash.update(letters[start..<min(start + part, letters.count)])
    }
    #expect(hash.hexDigest() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Lengths around one and two blocks, where the padding changes, each in two parts at every place.
  @Test(arguments: [54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129])
  func everyCutGivesTheSame(length: Int) {
    let bytes = (0..<length).map { UInt8($0 * 7 % 251) }
    let whole = SHA256.hexDigest(of: bytes)
    for cut in 0...length {
      var hash = SHA256()
      hash.update(bytes[..<cut])
      hash.update([])
      hash.update(bytes[cut...])
      #expect(hash.hexDigest() == whole)
    }
  }

  @Test(arguments: [
    (54, "89922c5518b494e6b0011a65111161420ea180a3acbe7483cf5b3fff2c4ab1df"),
    (55, "8af594de0e003fdee5c8bb088216c824349b4137070f559574f4a4bddd27b714"),
    (56, "db81bc2bfd43620591df192139062da77d4c376f1888ea3d2190bd07c8d901f9"),
    (57, "4d95ad65f5ec430c9a97ae9243b87d4d6fa0c474288c93cecfbfe9257e711780"),
    (63, "bd535b38bf0d0d1a09d370b7e34b2696cea3767801a45d5611a4aaa6954e8527"),
    (64, "292be91abe8c0909fe3d26575af5755eee74d23816dc68c3ba41765136967654"),
    (65, "ba65aedf7884642499a59ae124894611d986cf429e69f569488048af3a99e25a"),
    (118, "d43cccf5f217b532188da86db9e2a27abeb4a99d4e4179216bfda3663984a165"),
    (119, "d367ab298e74477421127b0b448667c37c006c636f5738f081c39388756e5fad"),
    (120, "be7beb9c82089eb08da8fe6eb30c13b9d56869014e228a8c3eb0fdfe832efab2"),
    (127, "770cba7b80c7615a327db5812ccd3f80895d801b587448fcd0b2c1a10f5c88a3"),
    (128, "cb5311e1d7aa8e11d6af7081f3ffc3e4efa008c7483a1a791fe170bf37546ba7"),
    (129, "b9e17b1020711e1a6f25633f677a750b3d54399773eb191acac2cb8c7c8b2541"),
  ])
  func lengthsAroundABlock(length: Int, digest: String) {
    #expect(SHA256.hexDigest(of: (0..<length).map { UInt8($0 * 7 % 251) }) == digest)
  }
}
