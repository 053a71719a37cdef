// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where temporary files go.
package enum TemporaryPath {
  /// The folder that `TMPDIR` names; `nil` when it is not set or empty.
  static var namedFolder: String? {
    getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A path that nobody else has, in ``namedFolder`` or else in `/tmp`.
  ///
  /// - Parameter prefix: What the file's name begins with.
  package static func unique(_ prefix: String) -> String {
    "\(namedFolder ?? "/tmp")/\(name(prefix)).jsonl"
  }

  /// A file name that nobody else has.
  static func name(_ prefix: String) -> String {
    "\(prefix)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
  }
}
