// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A file that appears under its name only when it is whole.
///
/// Bytes go to `name.partial`, private to the user and locked against a second writer;
/// ``commit(isDurable:replacing:)`` syncs it and gives it its name. A process that dies in between leaves the old file, or none, as it was.
package final class OutputFile: Sendable {
  private let path: String
  private let partialPath: String
  private let descriptor: CInt
  private struct State {
    var buffer: [UInt8] = []
    var isCommitted = false
  }
  private let state = Mutex(State())
  private static let bufferLength = 256 << 10

  /// Starts the file.
  ///
  /// - Throws: ``FileFailure`` when the folder cannot be written, another process is writing this file, or
  ///   there is a folder or a device under its name.
  package init(replacing path: String) throws(FileFailure) {
    self.path = path
    partialPath = Self.partialPath(of: path)
    var status = stat()
    // Also through a link, such as /dev/stdout.
    let isTaken = stat(path, &status) == 0
    if path.isEmpty || isTaken && status.st_mode & S_IFMT != S_IFREG {
      throw FileFailure(path: path, reason: "is not a regular file")
    }
    // Last, so that a failure does not run the deinitializer: the file is another's then.
    descriptor = try Self.unfinished.withLock { [partialPath] paths throws(FileFailure) in
      let descriptor = try Self.openLocked(partialPath)
      paths.insert(partialPath)
      return descriptor
    }
  }

  /// Opens the file, alone and empty.
  private static func openLocked(_ path: String) throws(FileFailure) -> CInt {
    for _ in 0..<100 {
      // Opening a pipe would else wait for a reader.
      let flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
      var descriptor = open(path, flags | O_CREAT | O_EXCL, 0o600)
      let isNew = descriptor >= 0
      if !isNew, errno == EEXIST {
        descriptor = open(path, flags)
        if descriptor < 0, errno == ENOENT { continue }
      }
      guard descriptor >= 0 else { throw FileFailure(path: path, action: "create", code: errno) }
      do throws(FileFailure) {
        if try take(descriptor, path, isNew: isNew) { return descriptor }
      } catch {
        close(descriptor)
        throw error
      }
      close(descriptor)
    }
    throw taken(path)
  }

  /// Locks and empties an open file; `false` when another one has its name by then.
  private static func take(_ descriptor: CInt, _ path: String, isNew: Bool) throws(FileFailure) -> Bool {
    var opened = stat()
    guard fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG else {
      throw FileFailure(path: path, reason: "is not a regular file")
    }
    // A file system without locks is written without one.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { throw taken(path) }
    // Between opening and locking, the writer before may have given the file its final name.
    var named = stat()
    guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0, opened.st_ino == named.st_ino,
      opened.st_dev == named.st_dev
    else { return false }
    // What a dead process has left is ours; what others can read is not. The owner of a new file says nothing: some
    // file systems give all files to one user.
    if !isNew {
      // What it is under another name stays: a process may have died when its file had just appeared.
      if opened.st_uid == geteuid(), opened.st_nlink > 1, unlink(path) == 0 { return false }
      guard opened.st_uid == geteuid(), fchmod(descriptor, 0o600) == 0 else {
        throw FileFailure(path: path, reason: "is there, and belongs to another user; remove it")
      }
    }
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileFailure(path: path, action: "empty", code: errno)
    }
    return true
  }

  private static func taken(_ path: String) -> FileFailure {
    FileFailure(path: path, reason: "is being written by another process")
  }

  deinit {
    if !state.withLock({ $0.isCommitted }) {
      Self.unfinished.withLock { paths in
        if isOurs { unlink(partialPath) }
        _ = paths.remove(partialPath)
      }
    }
    close(descriptor)
  }

  /// Adds bytes.
  ///
  /// - Throws: ``FileFailure``, such as for a full disk.
  package func write(_ bytes: ArraySlice<UInt8>) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in
      if state.buffer.count + bytes.count < Self.bufferLength {
        state.buffer += bytes
        return
      }
      try flush(state.buffer[...])
      state.buffer.removeAll(keepingCapacity: true)
      if bytes.count < Self.bufferLength {
        state.buffer += bytes
      } else {
        try flush(bytes)
      }
    }
  }

  /// Writes out what was added so far.
  ///
  /// - Returns: The path under which it can be read before the file has its name.
  package func flush() throws(FileFailure) -> String {
    try state.withLock { state throws(FileFailure) in
      try flush(state.buffer[...])
      state.buffer = []
    }
    return partialPath
  }

  /// Gives the file its name.
  ///
  /// - Parameters:
  ///   - isDurable: Whether it must survive a power failure.
  ///   - replacing: Whether it takes the place of a file that is there by now; without it, that is an error.
  package func commit(isDurable: Bool = true, replacing: Bool) throws(FileFailure) {
    try Self.commit([self], isDurable: isDurable, replacing: replacing)
  }

  /// Gives files that belong together their names, when all of them are on the disk.
  package static func commit(
    _ files: [OutputFile], isDurable: Bool = true, replacing: Bool
  ) throws(FileFailure) {
    for file in files { try file.finish(isDurable: isDurable) }
    // A process that ends meanwhile waits in `abandon` until all have their names.
    try unfinished.withLock { paths throws(FileFailure) in
      for file in files {
        try file.takeName(replacing: replacing)
        paths.remove(file.partialPath)
      }
    }
    guard isDurable else { return }
    for folder in Set(files.map { folder(of: $0.path) }) { sync(folder: folder) }
  }

  /// Writes out what was added.
  private func finish(isDurable: Bool) throws(FileFailure) {
    _ = try flush()
    if isDurable, fsync(descriptor) != 0 {
      throw FileFailure(path: partialPath, action: "sync", code: errno)
    }
  }

  private func takeName(replacing: Bool) throws(FileFailure) {
    guard isOurs else {
      throw FileFailure(path: partialPath, reason: "was removed or replaced while it was written")
    }
    try replacing ? replace() : linkUnlessTaken()
    state.withLock { $0.isCommitted = true }
  }

  /// Whether the unfinished file is still the one under its name.
  private var isOurs: Bool {
    var opened = stat()
    var named = stat()
    return fstat(descriptor, &opened) == 0 && lstat(partialPath, &named) == 0 && opened.st_ino == named.st_ino
      && opened.st_dev == named.st_dev
  }

  private func replace() throws(FileFailure) {
    guard rename(partialPath, path) == 0 else {
      throw FileFailure(path: path, action: "put in place", code: errno)
    }
  }

  /// Unlike a renamed file, a linked one takes nobody's place.
  private func linkUnlessTaken() throws(FileFailure) {
    switch (link(partialPath, path), errno) {
    case (0, _): unlink(partialPath)
    case (_, EEXIST): throw FileFailure(path: path, reason: "exists by now")
    case _ where Self.exists(path): throw FileFailure(path: path, reason: "exists by now")
    // A file system without links.
    default: try replace()
    }
  }

  /// What is under the file's name so far.
  package var versionInPlace: FileVersion? { FileVersion(path: path) }

  /// Whether there is anything under this name.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Whether writing under a name would replace a file that is still to be read.
  package static func replaces(_ input: String, at path: String) -> Bool {
    var source = stat()
    guard stat(input, &source) == 0 else { return false }
    return [path, partialPath(of: path)].contains { path in
      var target = stat()
      return stat(path, &target) == 0 && target.st_dev == source.st_dev && target.st_ino == source.st_ino
    }
  }

  /// Removes what this process has on disk of files that are not committed, and ends it: no other file begins or
  /// gets its name by then.
  package static func abandon(_ exit: () -> Never) -> Never {
    unfinished.withLock { paths in
      for path in paths { unlink(path) }
      exit()
    }
  }

  /// The paths that this process has open and locked.
  private static let unfinished = Mutex<Set<String>>([])

  private static func partialPath(of path: String) -> String { "\(path).partial" }

  private func flush(_ bytes: ArraySlice<UInt8>) throws(FileFailure) {
    try bytes.write(to: descriptor, path: partialPath)
  }

  private static func folder(of path: String) -> String {
    path.contains("/") ? String(path.reversed().drop { $0 != "/" }.reversed()) : "."
  }

  /// Makes new names durable; best effort, because some file systems refuse to sync a folder.
  private static func sync(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
