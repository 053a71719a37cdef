// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import Foundation

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A TCP connection that sends and reads what a test says, byte by byte. Its blocking calls have a bound of 10 s
/// and run outside of the cooperative threads.
final class RawClient: Sendable {
  struct Failure: Error {
    let call: String
    let code: CInt
  }

  /// A response as it came over the wire.
  struct Response {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let descriptor: CInt

  init(port: Int) throws {
    #if canImport(Glibc)
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    #else
    descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
    var bound = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let code = errno
      close(descriptor)
      throw Failure(call: "connect", code: code)
    }
  }

  deinit {
    close(descriptor)
  }

  /// Sends all bytes.
  func send(_ text: String) async throws {
    let sent = try await send(Array(text.utf8), bound: 10_000)
    guard sent == text.utf8.count else { throw Failure(call: "send", code: ETIMEDOUT) }
  }

  /// Sends bytes until the other side has taken none for `bound` milliseconds; returns how many it took.
  func send(_ bytes: [UInt8], bound: Int) async throws -> Int {
    try await blocking { descriptor in
      var limit = timeval(tv_sec: bound / 1000, tv_usec: .init(bound % 1000 * 1000))
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return sent }
        guard count > 0 else { throw Failure(call: "write", code: errno) }
        sent += count
      }
      return sent
    }
  }

  /// One response, read to the end of its body. A response to HEAD has none.
  func response(hasBody: Bool = true) async throws -> Response {
    try await blocking { descriptor in
      var head: [UInt8] = []
      while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
        guard let byte = try Self.read(1, from: descriptor).first else {
          throw Failure(call: "end of stream after \(head.count) bytes of a head", code: 0)
        }
        head.append(byte)
      }
      var response = Response()
      for (index, line) in String(decoding: head, as: UTF8.self).split(separator: "\r\n").enumerated() {
        if index == 0 {
          response.status = Int(line.split(separator: " ")[1]) ?? 0
        } else {
          let sides = line.split(separator: ":", maxSplits: 1)
          response.headers[sides[0].lowercased()] = sides[1].trimmingPrefix(" ").description
        }
      }
      let length = hasBody ? response.headers["content-length"].flatMap { Int($0) } ?? 0 : 0
      while response.body.count < length {
        let bytes = try Self.read(length - response.body.count, from: descriptor)
        guard !bytes.isEmpty else { throw Failure(call: "end of stream in a body", code: 0) }
        response.body += bytes
      }
      return response
    }
  }

  /// All bytes until the other side closes or resets the connection.
  func rest() async throws -> [UInt8] {
    try await blocking { descriptor in
      var all: [UInt8] = []
      while true {
        do {
          let bytes = try Self.read(1 << 16, from: descriptor)
          if bytes.isEmpty { return all }
          all += bytes
        } catch let failure as Failure where failure.code == ECONNRESET {
          return all
        }
      }
    }
  }

  private static func read(_ count: Int, from descriptor: CInt) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: min(count, 1 << 16))
    let read = recv(descriptor, &buffer, buffer.count, 0)
    guard read >= 0 else { throw Failure(call: "recv", code: errno) }
    return Array(buffer.prefix(read))
  }

  private func blocking<Value: Sendable>(
    _ body: @escaping @Sendable (CInt) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      // A thread of its own: on Linux the cooperative threads are Dispatch's, and waiting on those stops both.
      Thread.detachNewThread { [self] in
        continuation.resume(with: Result { try body(descriptor) })
      }
    }
  }
}
#endif
