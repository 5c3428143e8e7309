/// The numbers of rtnetlink(7): linux/rtnetlink.h.
enum RouteMessage {
  static let newLink: UInt16 = 16
  static let deleteLink: UInt16 = 17
  static let getLink: UInt16 = 18
  static let newAddress: UInt16 = 20
  static let deleteAddress: UInt16 = 21
  static let getAddress: UInt16 = 22
  static let newRoute: UInt16 = 24
  static let deleteRoute: UInt16 = 25
  static let getRoute: UInt16 = 26
  static let newQdisc: UInt16 = 36
  static let deleteQdisc: UInt16 = 37
  static let getQdisc: UInt16 = 38
  static let newFilter: UInt16 = 44
  static let deleteFilter: UInt16 = 45
  static let getFilter: UInt16 = 46
}

/// Groups of news that rtnetlink sends. linux/rtnetlink.h, RTNLGRP_….
public enum RouteGroup: UInt32, Sendable {
  case links = 1
  case traffic = 4
  case addresses4 = 5
  case routes4 = 7
  case addresses6 = 9
  case routes6 = 11
}

/// The number of an address family. socket(2): AF_INET, AF_INET6.
enum AddressFamily {
  static let unspecified: UInt8 = 0
  static let version4: UInt8 = 2
  static let bridge: UInt8 = 7
  static let version6: UInt8 = 10
}
