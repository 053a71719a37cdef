// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// The system calls that the servers and the counts need. The module's only raw pointers are in this file.

internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A system call failed.
package struct SystemFailure: Error {
  /// Its `errno`.
  package let code: CInt
}

/// A TCP socket on this machine's loopback interface. Calls block.
final class Socket: Sendable {
  enum Family {
    case v4, v6
  }

  private let descriptor: CInt
  private let isOpen = Mutex(true)

  private init(_ descriptor: CInt) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    #if canImport(Darwin)
    set(SOL_SOCKET, SO_NOSIGPIPE, 1)
    #endif
  }

  deinit {
    close()
  }

  /// A socket that listens on a port of the system's choice.
  ///
  /// - Parameter backlog: How many connections wait for ``accept()``; with 0 the second or third gets no answer.
  static func listening(_ family: Family = .v4, backlog: CInt = 1024) throws(SystemFailure) -> Socket {
    let socket = try Socket(family)
    guard socket.withAddress(of: family, port: 0, bind) == 0, listen(socket.descriptor, backlog) == 0 else {
      throw SystemFailure(code: errno)
    }
    return socket
  }

  /// Begins to connect to `port` and does not wait for the end of that.
  static func connecting(to port: Int) throws(SystemFailure) -> Socket {
    let socket = try Socket(.v4)
    _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
    guard socket.withAddress(of: .v4, port: port, connect) == 0 || errno == EINPROGRESS else {
      throw SystemFailure(code: errno)
    }
    return socket
  }

  private convenience init(_ family: Family) throws(SystemFailure) {
    #if canImport(Glibc)
    let stream = CInt(SOCK_STREAM.rawValue)
    #else
    let stream = SOCK_STREAM
    #endif
    let descriptor = socket(family == .v4 ? AF_INET : AF_INET6, stream, 0)
    guard descriptor >= 0 else { throw SystemFailure(code: errno) }
    self.init(descriptor)
    set(SOL_SOCKET, SO_REUSEADDR, 1)
    if family == .v6 { set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
  }

  /// The port that this end has.
  var port: Int {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &address) { bytes in
      guard let start = bytes.baseAddress,
        getsockname(descriptor, start.assumingMemoryBound(to: sockaddr.self), &length) == 0
      else { return 0 }
      // Both families have the port at the same place.
      return Int(UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self)))
    }
  }

  /// The next connection; `nil` after ``interrupt()``.
  func accept() -> Socket? {
    while true {
      let accepted = systemAccept(descriptor, nil, nil)
      if accepted >= 0 {
        let socket = Socket(accepted)
        socket.set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        return socket
      }
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EMFILE, ENFILE: usleep(10_000)
      default: return nil
      }
    }
  }

  /// What is there, at most `limit` bytes; `nil` when the peer closed or broke off.
  func receive(atMost limit: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received: Int
      repeat {
        received = recv(descriptor, buffer.baseAddress, limit, 0)
      } while received < 0 && errno == EINTR
      count = max(received, 0)
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Sends all bytes; `false` when the peer is gone.
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { systemSend(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Ends calls that block, and both directions.
  func interrupt() {
    isOpen.withLock { isOpen in
      if isOpen { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
    }
  }

  /// Closes in order: the peer gets a FIN.
  func close() {
    end {
      _ = shutdown(descriptor, CInt(SHUT_RDWR))
      _ = systemClose(descriptor)
    }
  }

  /// Breaks off: the peer gets an RST.
  func reset() {
    end {
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      _ = systemClose(descriptor)
    }
  }

  private func end(_ body: () -> Void) {
    isOpen.withLock { isOpen in
      if isOpen { body() }
      isOpen = false
    }
  }

  private func set(_ level: CInt, _ option: CInt, _ value: CInt) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  private func withAddress(
    of family: Family, port: Int, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    switch family {
    case .v4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .v6:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = in_port_t(truncatingIfNeeded: port).bigEndian
      address.sin6_addr = in6addr_loopback
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
  }
}

/// Runs `body` on a thread of its own, because it blocks.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let context = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Darwin)
  var thread: pthread_t?
  let code = pthread_create(
    &thread, nil,
    { context in
      Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
      return nil
    }, context)
  if let thread { pthread_detach(thread) }
  #else
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { context in
      if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
      return nil
    }, context)
  if code == 0 { pthread_detach(thread) }
  #endif
  if code != 0 { Unmanaged<Box>.fromOpaque(context).release() }
}

extension ArraySlice<UInt8> {
  /// Whether both have the same bytes: at the speed of memory, also in a debug build.
  func isSame(as other: Self) -> Bool {
    withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        guard left.count == right.count else { return false }
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return memcmp(left, right, count) == 0
      }
    }
  }
}

/// The text of a small file, such as those in `/proc`; `nil` when it cannot be read.
func contents(ofFile path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { _ = systemClose(descriptor) }
  let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
    count = max(read(descriptor, buffer.baseAddress, buffer.count), 0)
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// What a symbolic link, such as those in `/proc/self/fd`, leads to; `nil` when it is none.
func target(ofLink path: String) -> String? {
  let bytes = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
    buffer.withMemoryRebound(to: CChar.self) { text in
      count = text.baseAddress.map { max(readlink(path, $0, text.count), 0) } ?? 0
    }
  }
  return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
}

/// Makes an empty file that only its path knows, and fills it; `nil` when that fails.
func makeTemporaryFile(_ bytes: [UInt8]) -> String? {
  var template = Array("/tmp/openai-batch-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  guard descriptor >= 0 else { return nil }
  defer { _ = systemClose(descriptor) }
  guard write(descriptor, bytes, bytes.count) == bytes.count else { return nil }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a file.
func removeFile(_ path: String) {
  unlink(path)
}

/// Blocks a server's thread for some time.
func rest(milliseconds: Int) {
  usleep(useconds_t(milliseconds) * 1_000)
}

/// The names of what a folder holds.
func entries(ofFolder path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
        String(cString: $0)
      }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

// Swift finds a method of the same name first.
private let systemAccept = accept
private let systemClose = close
private func systemSend(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  #if canImport(Darwin)
  send(descriptor, bytes, count, 0)
  #else
  send(descriptor, bytes, count, CInt(MSG_NOSIGNAL))
  #endif
}
