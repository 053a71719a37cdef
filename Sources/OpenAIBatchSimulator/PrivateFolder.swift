// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A folder of mode 0700 that nobody else can look into, removed with its last reference.
///
/// Every file in it holds a reference, so it is empty by then. What still has a reference when the process exits, such
/// as a global variable's simulator, is removed then, with its files.
final class PrivateFolder: Sendable {
  let path: String

  /// The folders there are, and the process that made them: a forked child must leave them alone.
  private static let present = Mutex<(paths: Set<String>, owner: pid_t?)>(([], nil))

  /// Makes a folder inside `parent`; by default in `TMPDIR` or `/var/tmp`.
  init(in parent: String?) throws(FileFailure) {
    let parent = parent ?? TemporaryPath.folder
    var template = Array("\(parent)/openai-batch-simulator-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer {
      $0.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw FileFailure(path: parent, action: "make a folder inside", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    Self.present.withLock { [path] present in
      if present.owner == nil {
        present.owner = getpid()
        atexit { PrivateFolder.removePresent() }
      }
      present.paths.insert(path)
    }
  }

  deinit {
    rmdir(path)
    Self.present.withLock { [path] present in _ = present.paths.remove(path) }
  }

  private static func removePresent() {
    let paths = present.withLock { $0.owner == getpid() ? $0.paths : [] }
    for path in paths {
      if let folder = opendir(path) {
        while let entry = readdir(folder) {
          // `.` and `..` are folders, which this does not remove.
          withUnsafePointer(to: &entry.pointee.d_name) { name in
            _ = name.withMemoryRebound(to: CChar.self, capacity: 1) { unlinkat(dirfd(folder), $0, 0) }
          }
        }
        closedir(folder)
      }
      rmdir(path)
    }
  }
}
