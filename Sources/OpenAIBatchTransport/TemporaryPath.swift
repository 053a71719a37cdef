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
  /// The folders to try, in order: what `TMPDIR` names when it is set. Else `/var/tmp`, because `/tmp` is memory on many
  /// systems, and inputs and results can be many times as large as that.
  package static var folders: [String] {
    let named = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    return named.map { [$0] } ?? ["/var/tmp", "/tmp"]
  }

  /// The first of ``folders`` that can be written to.
  package static var folder: String {
    let folders = folders
    return folders.first { access($0, W_OK) == 0 } ?? folders[0]
  }

  /// A path that nobody else has, in ``folder``.
  ///
  /// - Parameter prefix: What the file's name begins with.
  package static func unique(_ prefix: String) -> String {
    "\(folder)/\(name(prefix)).jsonl"
  }

  /// Removes a file, if it is there.
  package static func remove(_ path: String) {
    unlink(path)
  }

  /// A file name that nobody else has.
  package static func name(_ prefix: String) -> String {
    "\(prefix)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
  }
}
