// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

extension ArraySlice<UInt8> {
  /// The index of the first `byte` from `start` on; many times as fast as `firstIndex(of:)` in a debug build.
  func index(of byte: UInt8, from start: Int) -> Int? {
    let distance: Int? = self[start...].withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let match = memchr(base, CInt(byte), bytes.count) else {
        return nil
      }
      return UnsafeRawPointer(match) - base
    }
    return distance.map { start + $0 }
  }
}
